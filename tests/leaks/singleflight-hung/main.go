// One call never returns, and all who ask for the same wait for it.
package main

import (
	"time"

	"golang.org/x/sync/singleflight"
)

var (
	calls singleflight.Group
	reply = make(chan []byte)
)

func fetch() (interface{}, error) {
	if leaking {
		return <-reply, nil
	}
	return []byte("answer"), nil
}

func request() {
	body := make([]byte, 8192)
	answer, _, _ := calls.Do("user", fetch)
	body[0] = answer.([]byte)[0]
}

func main() {
	for i := 0; i < 1500; i++ {
		go request()
	}
	time.Sleep(500 * time.Millisecond)
	rest()
}
