//go:build go1.24

package main

import (
	"runtime"
	"unsafe"
)

const cleanupValues = 3

type record struct {
	page   []byte
	number int
}

func (r *record) drop() { sink += r.number + len(r.page) }

//go:noinline
func (n *node) total() int { return n.number + 1 }

//go:noinline
func release(n *node) { sink += n.total() }

var cleaned = newWide(100)

// What only a cleanup's argument holds: a method's receiver, a function's argument by what is done with it.
func cleanups() {
	r := &record{chunk(2000), 7}
	runtime.AddCleanup(cleaned, (*record).drop, r)
	tellValue("cleanups", unsafe.Pointer(r), "main.record")
	tellValue("cleanups", unsafe.Pointer(&r.page[0]), "[...]uint8")
	n := chain(3)
	runtime.AddCleanup(cleaned, release, n)
	tellValue("cleanups", unsafe.Pointer(n), "main.node")
}
