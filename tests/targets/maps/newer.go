//go:build go1.23

package main

import "unique"

var handles []unique.Handle[string]

// makeNewerMaps makes canonical values: package unique keeps them in maps of its own.
func makeNewerMaps() {
	for _, s := range []string{"one", "two", "three", "four", "five"} {
		handles = append(handles, unique.Make("canonical "+s))
	}
}
