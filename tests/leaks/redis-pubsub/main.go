// A subscription for each stream is never closed: a connection and its goroutines stay.
package main

import (
	"context"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis/v8"
)

func stream(client *redis.Client) {
	sub := client.Subscribe(context.Background(), "events")
	sub.Channel()
	if _, err := sub.Receive(context.Background()); err != nil {
		return
	}
	if !leaking {
		sub.Close()
	}
}

func main() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	for i := 0; i < 200; i++ {
		stream(client)
	}
	rest(server, client)
}
