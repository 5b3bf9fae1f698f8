package main

import (
	"fmt"
	"runtime"
)

type trouble struct{ n *node }

//go:noinline
func fault(none *node, others ...*node) int {
	use(others...)
	return none.left.value
}

// faultDeferring has a frame that goes on, if it does, only in what it deferred.
//
//go:noinline
func faultDeferring(none *node) (result int) {
	held, lost := waste(), waste()
	use(lost)
	defer func() { use(held) }()
	result = none.value
	use(lost)
	return
}

//go:noinline
func panicDeep(n int, with interface{}) *node {
	lost := waste()
	use(lost)
	if n > 0 {
		return panicDeep(n-1, with)
	}
	panic(with)
}

//go:noinline
func recovered() {
	defer func() { recover() }()
	use(panicDeep(5, trouble{waste()}))
}

func startPanics() {
	start(func() { // with a value on the heap
		held, lost := waste(), waste()
		use(lost)
		defer func() { stop(); use(held) }()
		use(panicDeep(3, trouble{waste()}))
		use(lost)
	})
	start(func() { // by a fault, in a function that defers nothing
		held, lost := waste(), waste()
		defer func() { stop(); use(held) }()
		fault(waste().right, waste(), lost)
	})
	start(func() {
		held := waste()
		defer func() { stop(); use(held) }()
		faultDeferring(nil)
	})
	start(func() { // the faulting frame itself is still above, as is what it deferred last
		held, lost := waste(), waste()
		var none *node
		defer func() { use(held) }()
		defer stop()
		use(lost)
		lost.value = none.value
		use(lost)
	})
	start(func() { // one in another's deferred call
		held := waste()
		defer func() { stop(); use(held, recover().(trouble).n) }()
		defer func() {
			inner := waste()
			defer use(inner)
			panic(trouble{waste()})
		}()
		panic(trouble{waste()})
	})
	start(func() { // three, the middle one recovered
		defer func() { stop(); recover() }()
		defer func() {
			use(waste())
			defer func() { use(recover().(trouble).n) }()
			use(panicDeep(2, trouble{waste()}))
		}()
		panic(fmt.Errorf("first %d", state))
	})
	start(func() { // after one that was recovered
		recovered()
		held := waste()
		stop()
		use(held)
	})
	start(func() { // recovered, and still in the deferred call
		held, value := waste(), waste()
		defer func() { use(held) }()
		defer func() {
			p := recover()
			stop()
			use(p.(trouble).n)
		}()
		panic(trouble{value})
	})
	start(func() { // a run-time error with a text of its own
		defer func() { stop(); fmt.Sprint(recover()) }()
		values := make([]*node, state)
		use(values[state+3])
	})
	start(func() { // recovered with stack in use below
		defer func() { stop() }()
		func() {
			defer func() { recover() }()
			faultDeferring(nil)
		}()
		func() {
			defer func() { recover(); panicDeferred() }()
			panic(trouble{waste()})
		}()
	})
	start(func() { // a nil function
		held, lost := waste(), waste()
		var none func(*node)
		use(lost)
		defer func() { stop(); use(held) }()
		none(lost)
	})
	start(func() { // in assembly of the runtime's
		held := waste()
		defer func() { stop(); use(held) }()
		use(copied(nil, waste()))
	})
	start(func() { // a division, and the function that divides goes on
		n := divide(waste(), waste(), state)
		stop()
		use(n)
	})
	start(func() { // Goexit
		held, lost := waste(), waste()
		use(lost)
		defer func() { stop(); use(held) }()
		runtime.Goexit()
	})
	start(func() { // Goexit in a deferred call of a panic
		defer func() { stop() }()
		defer runtime.Goexit()
		panic(trouble{waste()})
	})
	start(func() { // a panic in a deferred call of Goexit, recovered: Goexit goes on
		defer func() { stop() }()
		defer func() { use(recover().(trouble).n) }()
		defer func() { panic(trouble{waste()}) }()
		runtime.Goexit()
	})
}

//go:noinline
func panicDeferred() {
	defer func() { recover() }()
	panic(trouble{waste()})
}

//go:noinline
func copied(from *[500]*node, lost *node) *node {
	use(lost)
	all := *from
	use(lost)
	return all[state+3]
}

//go:noinline
func divide(held, lost *node, by int) (result *node) {
	defer func() {
		recover()
		result = held
		stopped := waste()
		use(stopped)
	}()
	lost.value /= by
	use(lost)
	return lost
}
