// Sessions are set in a map of shards, and nothing removes one when it ends.
package main

import (
	"strconv"

	cmap "github.com/orcaman/concurrent-map"
)

type session struct{ state [256]byte }

var sessions = cmap.New()

func main() {
	for i := 0; i < 30000; i++ {
		id := strconv.Itoa(i)
		sessions.Set(id, &session{})
		if !leaking {
			sessions.Remove(id)
		}
	}
	rest()
}
