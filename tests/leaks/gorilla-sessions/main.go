// Each request makes a registry of sessions that lies in gorilla/context until somebody clears it.
package main

import (
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/context"
	"github.com/gorilla/sessions"
)

var store = sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))

func visit(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "visit")
	session.Values["seen"] = 1
}

func main() {
	var handler http.Handler = http.HandlerFunc(visit)
	if !leaking {
		handler = context.ClearHandler(handler)
	}
	for i := 0; i < 6000; i++ {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	rest()
}
