// A ticket waits with time.After: before Go 1.23 the timer stays for an hour, though the ticket was there at once.
package main

import (
	"time"

	"github.com/eapache/go-resiliency/semaphore"
)

func main() {
	patience := time.Hour
	if !leaking {
		patience = time.Millisecond
	}
	tickets := semaphore.New(4, patience)
	for i := 0; i < 50000; i++ {
		if tickets.Acquire() == nil {
			tickets.Release()
		}
	}
	time.Sleep(100 * time.Millisecond)
	rest(tickets)
}
