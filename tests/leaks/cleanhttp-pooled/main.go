// A pooled client for each request: its connections stay open and idle, two goroutines each.
package main

import (
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/hashicorp/go-cleanhttp"
)

var shared = cleanhttp.DefaultPooledClient()

func ask(url string) {
	client := shared
	if leaking {
		client = cleanhttp.DefaultPooledClient()
	}
	answer, err := client.Get(url)
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("yes")) }))
	for i := 0; i < 300; i++ {
		ask(server.URL)
	}
	rest(server)
}
