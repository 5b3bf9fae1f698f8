//go:build go1.21
// +build go1.21

package main

import "runtime"

// Pinned objects are held by the pinner, and that by a finalizer when it was lost.
func makePinned() {
	pinner := new(runtime.Pinner)
	pinner.Pin(newPair("pinned"))
	kept = append(kept, pinner)
	lost := new(runtime.Pinner)
	lost.Pin(newPair("pinned.lost"))
	done := new(runtime.Pinner)
	done.Pin(newPair("pinned.done"))
	done.Unpin()
	kept = append(kept, done)
}
