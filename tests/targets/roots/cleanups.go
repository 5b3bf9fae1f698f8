//go:build go1.24
// +build go1.24

package main

import (
	"runtime"
	"weak"
)

// blockCleanups makes cleanups that do not return, and waits until one runs. To Go 1.24 they are
// finalizers to the runtime, and those stand still already.
func blockCleanups() {
	if dueWithFinalizers {
		return
	}
	began := make(chan struct{})
	apart(func() {
		runtime.AddCleanup(newPair("cleanup.running.object"), func(m *mark) {
			close(began)
			<-never
			use(m)
		}, newPair("cleanup.running"))
	})
	collect()
	<-began
}

func addCleanups(when string) {
	captured := newMark(when + ".cleanup.closure")
	runtime.AddCleanup(newPair(when+".cleanup.object"), func(m *mark) { use(m, captured) },
		newPair(when+".cleanup.argument"))
	several := newPair(when + ".cleanup.several")
	for i := 0; i < 100; i++ { // more than a block of the queue holds
		runtime.AddCleanup(several, func(m *mark) { use(m) }, newMark(when+".cleanup.each"))
	}
	runtime.AddCleanup(newFlat(when+".cleanup.flat"), func(v int) { use(v) }, 5)
	runtime.AddCleanup(tiny(when+".cleanup.tiny"), func(m mark) { use(m) }, *newPair(when + ".cleanup.copied"))
	stopped := newPair(when + ".cleanup.stopped")
	runtime.AddCleanup(stopped, func(m *mark) { use(m) }, newMark(when+".cleanup.stopped.argument")).Stop()
	both := newPair(when + ".cleanup.finalizer")
	runtime.AddCleanup(both, func(m *mark) { use(m) }, newMark(when+".cleanup.finalizer.argument"))
	runtime.SetFinalizer(both, func(m *mark) { use(m) })
	held := newPair(when + ".cleanup.held")
	runtime.AddCleanup(held, func(m *mark) { use(m) }, newMark(when+".cleanup.held.argument"))
	kept = append(kept, held)
}

func makeNewerDue() { addCleanups("due") }

func makeNewerTasks() { makeCoroutines() }

var pointers []weak.Pointer[mark]

func makeWeak() {
	held := newPair("weak.held")
	kept = append(kept, held)
	pointers = append(pointers, weak.Make(held), weak.Make(newPair("weak.lost")))
	weak.Make(newPair("weak.forgotten"))
	inside := newPair("weak.inside")
	w := weak.Make(&inside.serial)
	use(w)
	last := newPair("weak.finalizer")
	runtime.SetFinalizer(last, func(m *mark) { use(m) })
	pointers = append(pointers, weak.Make(last))
}

func makeNewerThings() {
	addCleanups("set")
	makePinned()
	makeUnique()
	makeWeak()
}
