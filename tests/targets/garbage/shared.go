//go:build shared
// +build shared

package main

import "C"

// Run is what the host calls: the runtime does not call main in a library.
//
//export Run
func Run() { main() }
