//go:build cgo
// +build cgo

package main

import "runtime/cgo"

var handle cgo.Handle

func makeHandles() {
	handle = cgo.NewHandle(newPair("handle"))
	cgo.NewHandle(newPair("handle.gone")).Delete()
}
