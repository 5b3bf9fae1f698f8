//go:build go1.23

package main

import "iter"

//go:noinline
func ranging(stopped bool) {
	lost := waste()
	use(lost)
	for n := range func(yield func(*node) bool) {
		held := waste()
		for yield(waste()) {
		}
		use(held)
	} {
		defer func() {
			if !stopped {
				stop()
			}
			use(n)
		}()
		if n.value++; stopped {
			stop()
		}
		break
	}
}

// startNewer waits in loops over functions and between coroutines.
func startNewer() {
	start(func() { ranging(true) })
	start(func() { ranging(false) })
	start(func() {
		held := waste()
		next, _ := iter.Pull(func(yield func(*node) bool) {
			inside, lost := waste(), waste()
			use(lost)
			yield(lost)
			use(inside)
		})
		n, _ := next()
		stop()
		use(held, n)
		next()
	})
	start(func() { // it waits inside
		held := waste()
		next, _ := iter.Pull2(func(yield func(*node, *node) bool) {
			inside := waste()
			stop()
			yield(inside, nil)
		})
		next()
		use(held)
	})
	start(func() { // one that has not begun, one that is over, one that nobody asks any more
		a, _ := iter.Pull(func(yield func(*node) bool) { yield(waste()) })
		n := waste()
		b, over := iter.Pull(func(yield func(*node) bool) { yield(n) })
		over()
		stop()
		a()
		b()
	})
}
