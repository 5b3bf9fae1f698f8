// A cache is copied out of its wrapper: the wrapper is collected, and its finalizer stops who takes expired items out.
package main

import (
	"strconv"
	"time"

	"github.com/patrickmn/go-cache"
)

var (
	copied cache.Cache
	kept   *cache.Cache
)

func main() {
	set, count := copied.Set, copied.ItemCount
	if leaking {
		copied = *cache.New(time.Second, 100*time.Millisecond)
		set, count = copied.Set, copied.ItemCount
		until(func() bool { return false })
	} else {
		kept = cache.New(time.Second, 100*time.Millisecond)
		set, count = kept.Set, kept.ItemCount
	}
	for i := 0; i < 20000; i++ {
		set("session-"+strconv.Itoa(i), make([]byte, 512), cache.DefaultExpiration)
	}
	time.Sleep(2 * time.Second)
	if !leaking {
		until(func() bool { return count() == 0 })
	}
	rest()
}
