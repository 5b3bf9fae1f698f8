// One cache's callback blocks for ever: the finalizer that stops its janitor waits, and all finalizers behind it.
package main

import (
	"time"

	"github.com/patrickmn/go-cache"
)

var audit = make(chan string)

func hang() {
	c := cache.New(time.Millisecond, time.Millisecond)
	c.OnEvicted(func(key string, _ interface{}) {
		if leaking {
			audit <- key
		}
	})
	c.Set("first", 1, cache.DefaultExpiration)
	time.Sleep(100 * time.Millisecond)
}

func serve() {
	c := cache.New(time.Hour, time.Hour)
	c.Set("answer", make([]byte, 8192), cache.DefaultExpiration)
}

func main() {
	hang()
	rested := 0
	until(func() bool { rested++; return rested > 10 })
	for i := 0; i < 1500; i++ {
		serve()
	}
	rest()
}
