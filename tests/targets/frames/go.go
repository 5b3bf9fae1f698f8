//go:build !cgo

package main

// startC has nothing to start where there is no C.
func startC() {}
