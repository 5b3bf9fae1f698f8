//go:build !leak
// +build !leak

// The program is to do the same work without the leak
package main

const leaking = false
