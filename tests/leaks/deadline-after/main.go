// Each call has a deadline of an hour, whose timer outlives the call before Go 1.23.
package main

import (
	"time"

	"github.com/eapache/go-resiliency/deadline"
)

func main() {
	patience := time.Hour
	if !leaking {
		patience = time.Millisecond
	}
	limit := deadline.New(patience)
	for i := 0; i < 30000; i++ {
		limit.Run(func(<-chan struct{}) error { return nil })
	}
	time.Sleep(100 * time.Millisecond)
	rest(limit)
}
