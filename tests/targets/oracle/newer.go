//go:build go1.24
// +build go1.24

package main

import (
	"fmt"
	"runtime"
	"unique"
	"weak"
)

var (
	weakPointer  weak.Pointer[node]
	weakDangling weak.Pointer[node]
	handle       unique.Handle[string]
)

// makeNewerThings has what came with Go 1.24: cleanups, weak pointers, canonical values, pins.
func makeNewerThings() {
	n := tree(2)
	weakPointer = weak.Make(n)
	weakDangling = weak.Make(tree(1))
	handle = unique.Make(fmt.Sprint("unique ", n.value))
	argument := &node{value: 1234, name: "only the cleanup holds this"}
	runtime.AddCleanup(n, func(a *node) { println(a.value) }, argument)
	runtime.AddCleanup(&n.value, func(v int) { println(v) }, 5)
	pinner := new(runtime.Pinner)
	pinner.Pin(n)
	keep(n, pinner)
}
