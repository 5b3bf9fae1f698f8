//go:build plugins
// +build plugins

package main

import (
	"os"
	"plugin"
)

// makePluginThings opens the plugin (the second argument), and keeps what is its own.
func makePluginThings() {
	opened, err := plugin.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	values, err := opened.Lookup("Values")
	if err != nil {
		panic(err)
	}
	keep(values.(func(func(), interface{}) []interface{})(stop, globalTree))
	starts, err := opened.Lookup("Starts")
	if err != nil {
		panic(err)
	}
	for _, f := range starts.(func(func(), interface{}) []func())(stop, globalTree) {
		start(f)
	}
}
