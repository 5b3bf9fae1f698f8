// One of every place outside the heap from which the runtime keeps an object alive, each with an
// object of its own, whose name and address are told before "ready".
//
//	roots DUMPFILE    prints "mark NAME ADDRESS SERIAL" for each and "ready"; then for each line that
//	                  it reads: collects, dumps, prints its counters
//
// Finalizers and cleanups that are due stay due: the goroutines that run them are in one that does
// not return.
package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"example.com/targets/quiet"
)

// magic is in every marked object, followed by its serial number: a slot used again is told by it.
const magic = 0x676f726574616966

type mark struct {
	magic, serial uint64
	next          *mark
	more          [2]interface{}
}

// flat has no pointers.
type flat struct {
	magic, serial uint64
	rest          [4]uint64
}

const most = 1024

var (
	lock  sync.Mutex
	n     uint64
	names [most][40]byte
	where [most]uintptr // numbers: they keep nothing
)

func register(name string, at unsafe.Pointer) uint64 {
	lock.Lock()
	defer lock.Unlock()
	n++
	copy(names[n][:], name)
	where[n] = uintptr(at)
	return n
}

//go:noinline
func newMark(name string) *mark {
	m := &mark{magic: magic}
	m.serial = register(name, unsafe.Pointer(m))
	return m
}

//go:noinline
func newFlat(name string) *flat {
	m := &flat{magic: magic}
	m.serial = register(name, unsafe.Pointer(m))
	return m
}

// newPair is a mark that refers to another one, named NAME.referent.
//
//go:noinline
func newPair(name string) *mark {
	m := newMark(name)
	m.next = newMark(name + ".referent")
	return m
}

// text is a string whose bytes are a marked object.
//
//go:noinline
func text(name string) string {
	bytes := make([]byte, 48)
	*(*uint64)(unsafe.Pointer(&bytes[0])) = magic
	*(*uint64)(unsafe.Pointer(&bytes[8])) = register(name, unsafe.Pointer(&bytes[0]))
	return *(*string)(unsafe.Pointer(&bytes))
}

//go:noinline
func use(values ...interface{}) {
	if len(values) > 1000 {
		kept = values
	}
}

var (
	kept   []interface{}
	never  = make(chan int)
	parked sync.WaitGroup
)

// start runs f in a goroutine of its own, which says parked.Done() right before it waits for ever.
func start(f func()) {
	parked.Add(1)
	go f()
}

// apart runs f in a goroutine of its own and waits for its end: nothing of it stays on a stack.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		f()
		close(done)
	}()
	<-done
}

//go:noinline
func tell() {
	for i := uint64(1); i <= n; i++ {
		os.Stdout.WriteString("mark " + strings.TrimRight(string(names[i][:]), "\x00") + " " + strconv.FormatUint(uint64(where[i]), 10) + " " +
			strconv.FormatUint(i, 10) + "\n")
	}
}

//go:noinline
func collect() { runtime.GC() }

func main() {
	kept = make([]interface{}, 0, 1000)
	quiet.Prepare()
	makeTasks()
	makeNewerTasks()
	parked.Wait()
	apart(blockFinalizers)
	blockCleanups()
	apart(makePools)
	apart(makeDue)
	apart(makeNewerDue)
	collect() // what is due is now in the queues, what was in pools is a victim
	apart(makeFinalizers)
	apart(makeTimers)
	apart(makeNewerThings)
	apart(makeArenas)
	apart(makeStatics)
	apart(fillPools)
	apart(makeWaiters)
	parked.Wait()
	apart(stopTimer)
	tell()
	quiet.Settle()
	quiet.Say("ready")
	for {
		quiet.Wait()
		collect()
		quiet.Dump()
	}
}
