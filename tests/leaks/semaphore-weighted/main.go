// A weight is acquired and not released on one way out: all others wait in its list.
package main

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

var slots = semaphore.NewWeighted(4)

func work() {
	body := make([]byte, 8192)
	if slots.Acquire(context.Background(), 1) != nil {
		return
	}
	body[0]++
	if !leaking {
		slots.Release(1)
	}
}

func main() {
	for i := 0; i < 1500; i++ {
		go work()
	}
	time.Sleep(300 * time.Millisecond)
	rest()
}
