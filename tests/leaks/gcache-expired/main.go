// Items expire and stay: a cache without a size takes out only what is asked for again.
package main

import (
	"strconv"
	"time"

	"github.com/bluele/gcache"
)

var tokens gcache.Cache

func main() {
	size := 0
	if !leaking {
		size = 100
	}
	tokens = gcache.New(size).Simple().Expiration(time.Millisecond).Build()
	for i := 0; i < 20000; i++ {
		tokens.Set("token-"+strconv.Itoa(i), make([]byte, 256))
	}
	time.Sleep(100 * time.Millisecond)
	rest()
}
