// A limiter for each visitor's address, and none is ever taken out.
package main

import (
	"fmt"

	"golang.org/x/time/rate"
)

var visitors = map[string]*rate.Limiter{}

func visit(address string) bool {
	limiter := visitors[address]
	if limiter == nil {
		limiter = rate.NewLimiter(1, 3)
		visitors[address] = limiter
	}
	return limiter.Allow()
}

func main() {
	for i := 0; i < 60000; i++ {
		address := fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		visit(address)
		if !leaking {
			delete(visitors, address)
		}
	}
	rest()
}
