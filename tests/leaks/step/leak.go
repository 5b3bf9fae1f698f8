//go:build leak
// +build leak

// The program is to leak; the code of the twin is not even in it, as it would not be in the program of the report
package main

const leaking = true
