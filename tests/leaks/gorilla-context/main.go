// Values are set for each request and never cleared: the handler is not wrapped in ClearHandler.
package main

import (
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/context"
)

func user(w http.ResponseWriter, r *http.Request) {
	context.Set(r, "user", make([]byte, 1024))
}

func main() {
	var handler http.Handler = http.HandlerFunc(user)
	if !leaking {
		handler = context.ClearHandler(handler)
	}
	for i := 0; i < 8000; i++ {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/user", nil))
	}
	rest()
}
