// Package assembly has a function that is none of the compiler's.
package assembly

type Thing struct{ Next *Thing }

// Stop waits.
var Stop func()

// Call calls stop, with what it was given on the stack.
func Call(a, b *Thing, text string) *Thing

//go:noinline
func stop() { Stop() }
