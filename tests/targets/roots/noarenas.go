//go:build !goexperiment.arenas
// +build !goexperiment.arenas

package main

func makeArenas() {}
