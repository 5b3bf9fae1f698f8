//go:build go1.23
// +build go1.23

package main

import (
	"iter"
	"unique"
	"unsafe"
)

var canonical unique.Handle[flat]

func makeUnique() {
	canonical = unique.Make(flat{magic: magic, serial: n + 1})
	register("unique.held", *(*unsafe.Pointer)(unsafe.Pointer(&canonical)))
	lost := unique.Make(flat{magic: magic, serial: n + 1})
	register("unique.lost", *(*unsafe.Pointer)(unsafe.Pointer(&lost)))
}

var next func() (*mark, bool)

// makeCoroutines has a goroutine of iter.Pull's that is held by nobody but its record.
func makeCoroutines() {
	pull := func(name string) func() (*mark, bool) {
		captured := newPair(name + ".captured")
		next, _ := iter.Pull(func(yield func(*mark) bool) {
			inside := newPair(name + ".frame")
			yield(newPair(name + ".yielded"))
			use(inside, captured)
		})
		return next
	}
	next = pull("coroutine.held")
	next()
	pull("coroutine.lost")()
	fresh := newPair("coroutine.fresh")
	iter.Pull(func(yield func(*mark) bool) { use(fresh) })
}
