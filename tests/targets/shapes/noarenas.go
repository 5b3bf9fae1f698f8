//go:build !goexperiment.arenas

package main

import "os"

// arenas are an experiment that this program was not built with.
func arenas(int) interface{} {
	os.Exit(3)
	return nil
}
