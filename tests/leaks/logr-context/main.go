// Each round puts a logger into the context of the round before: the chain grows.
package main

import (
	"context"

	"github.com/go-logr/logr"
)

func main() {
	ctx := context.Background()
	for i := 0; i < 100000; i++ {
		base := ctx
		if !leaking {
			base = context.Background()
		}
		ctx = logr.NewContext(base, logr.Discard().WithValues("round", i))
	}
	rest(ctx)
}
