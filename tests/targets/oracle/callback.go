//go:build cgo
// +build cgo

package main

import "C"

//export parkedInGo
func parkedInGo(level C.int) { callback(int(level)) }
