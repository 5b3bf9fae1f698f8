//go:build !go1.24

package main

const cleanupValues = 0

func cleanups() {}
