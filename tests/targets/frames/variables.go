package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
)

type wide struct {
	pad   [9]int
	nodes [5]*node
	any   interface{}
	text  string
}

// taken has locals whose address is taken: live while something live points there.
//
//go:noinline
func taken(depth int, above *wide) {
	var live, lost, linked wide
	var place **node
	live.nodes[depth%5], live.any, live.text = waste(), waste(), fmt.Sprint("text of some length ", depth)
	lost.nodes[1] = waste()
	linked.nodes[2], linked.any = waste(), &live
	place = &lost.nodes[1]
	use(*place)
	place = &linked.nodes[2]
	if depth > 0 {
		taken(depth-1, &live)
	} else {
		stop()
	}
	use(*place)
	if above != nil {
		use(above.nodes[(depth+1)%5])
	}
}

// unreached has nothing but locals whose address is taken, and no pointer to them any more.
//
//go:noinline
func unreached() {
	var a, b [40]*node
	for i := range a {
		a[i], b[i] = waste(), waste()
	}
	use(a[:]...)
	use(b[:]...)
	stop()
}

//go:noinline
func arguments(a, b, c *node, d string, e []*node, f, g interface{}, h func() *node, i wide, j, k *node, l ...*node) (*node, *node, string) {
	use(a, j)
	stop()
	use(b, e[0], h(), i.nodes[3], l[1])
	return c, k, d
}

//go:noinline
func generic[T any, P interface{ *T }](a T, p P, more ...T) (T, P) {
	table := map[int]T{1: a}
	stop()
	return table[1], p
}

//go:noinline
func closures() {
	byValue, byReference, lost := waste(), waste(), waste()
	onStack := func() { use(byValue, byReference); byReference = nil }
	byReference = waste()
	use(lost)
	inner := func(f func()) { stop(); f() }
	inner(onStack)
}

//go:noinline
func onStack() {
	table := map[string]*node{}
	table["a"], table["b"] = waste(), waste()
	var array [30]*node
	slice := array[:0]
	for i := 0; i < 7; i++ {
		slice = append(slice, waste())
	}
	made := make([]*node, 3+state)
	made[1] = waste()
	slice = slice[2:]
	stop()
	use(table["a"], slice[1], made[1])
}

func startFrames() {
	start(func() { taken(40, nil) })
	start(unreached)
	start(func() {
		a := waste()
		use3(arguments(a, waste(), waste(), fmt.Sprint("d", 1), []*node{waste()}, waste(), 3, func() *node { return a },
			wide{nodes: [5]*node{3: waste()}}, waste(), waste(), waste(), waste()))
	})
	start(func() { n := waste(); generic(*n, n, *n) })
	start(closures)
	start(onStack)
	start(func() { // what is sent lies on the stack
		var w wide
		w.nodes[1], w.any = waste(), trouble{waste()}
		ch := make(chan wide)
		parked.Done()
		ch <- w
	})
	start(func() {
		var w wide
		w.nodes[1] = waste()
		a, b := make(chan wide), make(chan *node)
		lost := waste()
		use(lost)
		parked.Done()
		select {
		case a <- w:
		case lost = <-b:
			use(lost)
		case b <- waste():
		}
	})
	start(func() {
		held := waste()
		runtime.LockOSThread()
		stop()
		use(held)
	})
	start(func() {
		held, lost := waste(), waste()
		use(lost)
		parked.Done()
		time.Sleep(100 * time.Hour)
		use(held)
	})
	start(func() { // a system call that blocks
		var ends [2]int
		held, lost, buffer := waste(), waste(), make([]byte, 64)
		use(lost)
		if err := syscall.Pipe(ends[:]); err != nil {
			panic(err)
		}
		parked.Done()
		syscall.Read(ends[0], buffer)
		use(held)
	})
}

//go:noinline
func use3(a, b *node, c string) { use(a, b) }
