// The last error wraps the one before it, and so on: a chain as long as the retries.
package main

import "github.com/pkg/errors"

var last error

func main() {
	last = errors.New("connection refused")
	for i := 0; i < 20000; i++ {
		cause := last
		if !leaking {
			cause = errors.Cause(last)
		}
		last = errors.Wrap(cause, "again")
	}
	rest()
}
