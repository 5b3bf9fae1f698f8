// An expiring cache for each bucket: the goroutine that deletes what expired never ends, and there is no Close.
package main

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

func bucket(i int) {
	if leaking {
		expirable.NewLRU[int, []byte](8, nil, time.Hour).Add(i, make([]byte, 4096))
		return
	}
	cache, _ := simplelru.NewLRU[int, []byte](8, nil)
	cache.Add(i, make([]byte, 4096))
}

func main() {
	for i := 0; i < 800; i++ {
		bucket(i)
	}
	rest()
}
