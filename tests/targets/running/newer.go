//go:build go1.23

package main

import "iter"

func init() {
	works["spinPull"] = spinPull
	works["spinRange"] = spinRange
}

// spinPull has it go to and fro between two coroutines.
//
//go:noinline
func spinPull(t *tale) {
	p := fresh()
	t.tell('B', p, "between coroutines")
	next, _ := iter.Pull(func(yield func(*thing) bool) {
		for {
			q := p
			p = nil
			yield(q)
		}
	})
	t.spin()
	for {
		q, _ := next()
		p = q
	}
}

//go:noinline
func ranging(p *thing) (result *thing) {
	for q := range func(yield func(*thing) bool) { yield(p) } {
		defer func() { result = q }()
	}
	return nil
}

// spinRange defers in loops over functions.
//
//go:noinline
func spinRange(t *tale) {
	p := t.make("in deferred calls of a function's loop")
	t.spin()
	for {
		p = ranging(p)
	}
}
