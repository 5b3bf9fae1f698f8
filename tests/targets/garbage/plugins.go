//go:build plugins
// +build plugins

package main

import (
	"os"
	"plugin"
)

var held []interface{}

// fillPlugin has the plugin (the second argument; it is the oracle's) make its objects twice, and lets
// go of some.
//
//go:noinline
func fillPlugin() {
	opened, err := plugin.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	values, err := opened.Lookup("Values")
	if err != nil {
		panic(err)
	}
	for i := 0; i < 2; i++ {
		held = values.(func(func(), interface{}) []interface{})(nil, list)
	}
	held = append([]interface{}(nil), held[3:]...)
}
