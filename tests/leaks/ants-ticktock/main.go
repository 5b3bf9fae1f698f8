// A pool for each batch is released, and its clock goes on.
package main

import "github.com/panjf2000/ants/v2"

func batch() {
	pool, err := ants.NewPool(64)
	if err != nil {
		panic(err)
	}
	done := make(chan bool)
	pool.Submit(func() { done <- true })
	<-done
	if leaking {
		pool.Release()
	} else if err := pool.ReleaseTimeout(10e9); err != nil {
		panic(err)
	}
}

func main() {
	n := 1500
	if !leaking {
		n = 3
	}
	for i := 0; i < n; i++ {
		batch()
	}
	rest()
}
