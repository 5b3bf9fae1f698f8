package main

import (
	"fmt"
	"runtime"
)

func (m *mark) String() string { return "" }

// blockFinalizers makes a finalizer that does not return, and waits until it runs.
func blockFinalizers() {
	began := make(chan struct{})
	for i := 0; i < 1; i++ {
		runtime.SetFinalizer(newPair("finalizer.running"), func(m *mark) {
			close(began)
			<-never
			use(m)
		})
	}
	apart(func() { use(newMark("garbage.first")) })
	collect()
	<-began
}

// wide has a malloc header from Go 1.22 on.
type wide struct {
	magic, serial uint64
	pad           [100]uint64
	next          *mark
}

// large has a span of its own.
type large struct {
	magic, serial uint64
	pad           [5000]uint64
	next          *mark
}

func newWide(name string) *wide {
	w := &wide{magic: magic, next: newMark(name + ".referent")}
	w.serial = register(name, pointer(w))
	return w
}

func newLarge(name string) *large {
	l := &large{magic: magic, next: newMark(name + ".referent")}
	l.serial = register(name, pointer(l))
	return l
}

// setFinalizers sets one on an object of each form, all of which nothing else holds.
func setFinalizers(when string) {
	captured := newMark(when + ".closure")
	runtime.SetFinalizer(newPair(when+".pointer"), func(m *mark) { use(m, captured) })
	runtime.SetFinalizer(newPair(when+".interface"), func(x interface{}) { use(x) })
	runtime.SetFinalizer(newPair(when+".stringer"), func(x fmt.Stringer) { use(x) })
	runtime.SetFinalizer(newFlat(when+".flat"), func(x *flat) { use(x) })
	runtime.SetFinalizer(newWide(when+".wide"), func(x *wide) { use(x) })
	runtime.SetFinalizer(newLarge(when+".large"), func(x *large) { use(x) })
	ring := newPair(when + ".cycle")
	ring.next.next = ring
	runtime.SetFinalizer(ring, func(m *mark) { use(m) })
	own := newMark(when + ".itself")
	runtime.SetFinalizer(own, func(m *mark) { use(m, own) })
	for i := 0; i < 200; i++ { // more than a block of the queue holds
		runtime.SetFinalizer(new([3]*int), func(*[3]*int) {})
	}
	for i := 0; i < 5; i++ { // tiny: several in a block
		runtime.SetFinalizer(tiny(when+".tiny"), func(*int32) {})
	}
	for i := 0; i < 20; i++ {
		use(new(int32))
	}
}

//go:noinline
func tiny(name string) *int32 {
	p := new(int32)
	register(name, pointer(p))
	return p
}

// makeDue makes what is due at the next collection, which comes before anybody looks.
func makeDue() { setFinalizers("due") }

// makeFinalizers makes what is not due yet: only the next collection finds that nothing holds it.
func makeFinalizers() {
	setFinalizers("set")
	held := newPair("held")
	runtime.SetFinalizer(held, func(m *mark) { use(m) })
	kept = append(kept, held)
	use(newPair("garbage"))
}
