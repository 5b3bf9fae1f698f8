// Goroutines that never wait and know where they are: each spins at the end of a chain of calls, every one
// of which holds objects in a way of its own. Signals, collections, stacks that grow and shrink come in
// between.
//
//	running    prints a line for each goroutine and object, "ready", and spins until its input ends:
//	           G GOROUTINE FUNCTION...     the chain, innermost first
//	           O GOROUTINE ADDRESS HOW     an object that this goroutine alone holds
//	           B GOROUTINE ADDRESS HOW     one that goes to and fro between it and another one
//	           D GOROUTINE ADDRESS HOW     one that it does not hold any more, but a global does
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"example.com/targets/quiet"
)

type thing struct {
	next  *thing
	count uint64
	pad   [6]uint64
}

// tale is what a goroutine says of itself before it spins. It keeps no object that it tells of.
type tale struct {
	goroutine int
	text      string
	yes       bool
	box       *thing
}

var (
	ready   sync.WaitGroup
	mutex   sync.Mutex
	dropped []*thing
	never   bool
)

func (t *tale) tell(kind byte, p *thing, how string) {
	t.text += fmt.Sprintf("%c %d %d %s\n", kind, t.goroutine, uint64(address(p)), how)
}

// fresh returns a new object, in the heap even if the caller drops it.
//
//go:noinline
func fresh() *thing { return new(thing) }

// make returns an object that T's goroutine alone holds.
//
//go:noinline
func (t *tale) make(how string) *thing {
	p := fresh()
	t.tell('O', p, how)
	return p
}

// drop tells of an object that no frame will hold.
//
//go:noinline
func (t *tale) drop(how string) {
	p := fresh()
	t.tell('D', p, how)
	mutex.Lock()
	dropped = append(dropped, p)
	mutex.Unlock()
}

// spin says that all is told.
//
//go:noinline
func (t *tale) spin() {
	os.Stdout.WriteString(t.text)
	t.text = ""
	ready.Done()
}

//go:noinline
func use(things ...*thing) {
	for _, p := range things {
		p.count++
	}
}

// outer holds what is in plain locals and in locals whose address is taken.
//
//go:noinline
func outer(name string, work func(*tale)) {
	t := &tale{yes: !never}
	buffer := make([]byte, 100)
	fmt.Sscanf(string(buffer[:runtime.Stack(buffer, false)]), "goroutine %d ", &t.goroutine)
	t.text = fmt.Sprintf("G %d main.%s main.inner main.inlined main.middle main.outer\n", t.goroutine, name)
	t.drop("outer")
	local := t.make("local")
	slice := []*thing{nil, t.make("element of a slice")}
	var taken [3]*thing
	slot := &taken[t.goroutine%3]
	*slot = t.make("local whose address is taken")
	var any interface{} = t.make("interface value")
	table := map[int]*thing{1: t.make("value of a map")}
	defer func() { use(local, any.(*thing)) }()
	var things [12]*thing
	for i := range things {
		things[i] = t.make(fmt.Sprint("argument ", i))
	}
	use(middle(t, work, things[0], things[1], things[2], things[3], things[4], things[5], things[6],
		things[7], things[8], things[9], things[10], things[11], t.make("variadic"), t.make("variadic")))
	use(*slot, slice[1], table[1])
}

// middle holds what it was given, in registers and on the stack, and what closures capture.
//
//go:noinline
func middle(t *tale, work func(*tale), a, b, c, d, e, f, g, h, i, j, k, l *thing, more ...*thing) *thing {
	captured, shared := t.make("captured"), t.make("captured variable")
	deferred := t.make("argument of a deferred call")
	listed := t.make("argument of a deferred call in a loop")
	t.drop("middle")
	defer use(deferred)
	for n := 0; n < 2; n++ {
		defer func(p *thing) { use(p) }(listed)
	}
	inlined(t, work, func() {
		use(captured, shared)
		shared = captured
	})
	use(a, b, c, d, e, f, g, h, i, j, k, l, shared)
	return more[1]
}

func inlined(t *tale, work func(*tale), f func()) {
	inner(t, work, f)
}

// inner goes on to what spins.
//
//go:noinline
func inner(t *tale, work func(*tale), f func()) {
	p := t.make("innermost local")
	t.drop("inner")
	var chain [4]*thing
	last := &chain[3]
	for i := range chain {
		chain[i] = t.make(fmt.Sprint("chained local ", i))
		if i > 0 {
			chain[i].next, chain[i-1] = chain[i-1], nil
		}
	}
	work(t)
	f()
	use(p, *last)
}

// disturb sends signals to the process, to whichever thread is there.
func disturb() {
	for {
		syscall.Kill(syscall.Getpid(), syscall.SIGURG)
		time.Sleep(100 * time.Microsecond)
	}
}

func collect() {
	for {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}

func main() {
	runtime.GOMAXPROCS(4)
	debug.SetGCPercent(50)
	for name, work := range works {
		ready.Add(1)
		go outer(name, work)
	}
	for name, work := range pairs {
		ready.Add(2)
		ch := make(chan *thing)
		work := work
		go outer(name, func(t *tale) { work(t, ch, true) })
		go outer(name, func(t *tale) { work(t, ch, false) })
	}
	ready.Wait()
	go disturb()
	go collect()
	quiet.Say("ready")
	quiet.Wait()
}
