// A ticker for each try is left without Stop: its goroutine waits to tick.
package main

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

func try() {
	state := make([]byte, 4096)
	ticker := backoff.NewTicker(&backoff.ConstantBackOff{Interval: time.Hour})
	<-ticker.C
	state[0]++
	if !leaking {
		ticker.Stop()
	}
}

func main() {
	for i := 0; i < 5000; i++ {
		try()
	}
	time.Sleep(200 * time.Millisecond)
	rest()
}
