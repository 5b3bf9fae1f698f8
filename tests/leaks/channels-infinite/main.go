// An infinite channel takes whatever comes, and nobody reads as fast.
package main

import "github.com/eapache/channels"

func main() {
	events := channels.NewInfiniteChannel()
	for i := 0; i < 4000; i++ {
		events.In() <- make([]byte, 4096)
		if !leaking {
			<-events.Out()
		}
	}
	rest(events)
}
