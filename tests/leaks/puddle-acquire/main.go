// What was taken from the pool is never given back: who comes later waits for ever.
package main

import (
	"context"
	"time"

	"github.com/jackc/puddle"
)

func request(pool *puddle.Pool) {
	body := make([]byte, 8192)
	conn, err := pool.Acquire(context.Background())
	if err != nil {
		return
	}
	body[0] = conn.Value().([]byte)[0]
	if !leaking {
		conn.Release()
	}
}

func main() {
	open := func(context.Context) (interface{}, error) { return make([]byte, 65536), nil }
	pool := puddle.NewPool(open, func(interface{}) {}, 4)
	for i := 0; i < 1500; i++ {
		go request(pool)
	}
	time.Sleep(time.Second)
	rest(pool)
}
