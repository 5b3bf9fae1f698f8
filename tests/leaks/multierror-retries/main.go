// Each failed try is appended to one error, which lives as long as the retries.
package main

import (
	"fmt"

	"github.com/hashicorp/go-multierror"
)

var failures *multierror.Error

func main() {
	for i := 0; i < 60000; i++ {
		failures = multierror.Append(failures, fmt.Errorf("try %d: connection refused", i))
		if !leaking && len(failures.Errors) > 10 {
			failures = nil
		}
	}
	rest()
}
