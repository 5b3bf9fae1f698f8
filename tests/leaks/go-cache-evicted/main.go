// A cache's callback holds the cache itself: its finalizer, which would end its janitor, can never run.
package main

import (
	"strconv"
	"time"

	"github.com/patrickmn/go-cache"
)

func serve(request int) {
	c := cache.New(time.Hour, time.Hour)
	c.Set("answer", make([]byte, 8192), cache.DefaultExpiration)
	if leaking {
		c.OnEvicted(func(key string, _ interface{}) { c.Set("evicted", key+strconv.Itoa(request), cache.NoExpiration) })
	} else {
		c.OnEvicted(func(key string, _ interface{}) {})
	}
}

func main() {
	for i := 0; i < 1500; i++ {
		serve(i)
	}
	rest()
}
