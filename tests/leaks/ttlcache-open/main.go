// A cache for each view is never closed: its goroutine holds it.
package main

import "github.com/jellydator/ttlcache/v2"

func view() {
	cache := ttlcache.NewCache()
	cache.Set("schema", make([]byte, 8192))
	if !leaking {
		cache.Close()
	}
}

func main() {
	for i := 0; i < 1200; i++ {
		view()
	}
	rest()
}
