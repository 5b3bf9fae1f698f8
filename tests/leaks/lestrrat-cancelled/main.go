// A controller blocks in the sending of its next tick when its context ends meanwhile.
package main

import (
	"context"
	"time"

	"github.com/lestrrat-go/backoff/v2"
)

var policy = backoff.Constant(backoff.WithInterval(time.Millisecond), backoff.WithMaxRetries(0))

func try() {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), "body", make([]byte, 4096)))
	control := policy.Start(ctx)
	<-control.Next()
	if !leaking {
		cancel()
		return
	}
	time.AfterFunc(100*time.Millisecond, cancel)
}

func main() {
	for i := 0; i < 1500; i++ {
		try()
	}
	time.Sleep(500 * time.Millisecond)
	rest()
}
