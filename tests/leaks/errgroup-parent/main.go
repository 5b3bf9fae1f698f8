// Groups derived from one long context and never waited for: each stays among its parent's children.
package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

var service, shutdown = context.WithCancel(context.Background())

func batch() {
	group, ctx := errgroup.WithContext(service)
	ctx = context.WithValue(ctx, "batch", make([]byte, 1024))
	done := make(chan context.Context, 1)
	group.Go(func() error { done <- ctx; return nil })
	<-done
	if !leaking {
		group.Wait()
	}
}

func main() {
	for i := 0; i < 20000; i++ {
		batch()
	}
	rest(shutdown)
}
