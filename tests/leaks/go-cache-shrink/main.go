// A cache had a peak: all is deleted, and the map's table stays as large as it was.
package main

import (
	"strconv"
	"time"

	"github.com/patrickmn/go-cache"
)

var sessions = cache.New(time.Hour, 0)

func main() {
	for i := 0; i < 400000; i++ {
		sessions.Set(strconv.Itoa(i), i&7, cache.DefaultExpiration)
	}
	for i := 16; i < 400000; i++ {
		sessions.Delete(strconv.Itoa(i))
	}
	if !leaking {
		sessions = cache.NewFrom(time.Hour, 0, sessions.Items())
	}
	rest()
}
