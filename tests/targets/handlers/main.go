// Closures that captured a map: those that need it, as the handlers and caches of healthy servers do, and those
// that keep it for the few keys which stand in their code. The argument names which; then silence.
package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"example.com/targets/quiet"
)

const entries = 20000

// kept is all that leads to the closures.
var kept = map[string]interface{}{}

func table() map[string]string {
	m := make(map[string]string, entries)
	for i := 0; i < entries; i++ {
		m[fmt.Sprint("key ", i)] = strings.Repeat("x", 64) + fmt.Sprint(i)
	}
	return m
}

func main() {
	works[os.Args[1]]()
	quiet.Settle()
	runtime.GC()
	quiet.Say("ready")
	quiet.Wait()
}

// works are the shapes, by name.
var works = map[string]func(){
	"parameter": func() { kept["/get"] = byParameter(table()) },
	"path":      func() { kept["/file/"] = byPath(table()) },
	"range":     func() { kept["/all"] = listing(table()) },
	"passed":    func() { kept["/find"] = passing(table()) },
	"cache":     func() { kept["/cached"] = caching() },
	"inner":     func() { kept["/sorted"] = inner(table()) },
	"shared":    shared,
	"router":    router,
	"number":    func() { kept["/number"] = byNumber(numbers()) },
	"pool":      pool,
	"config":    config,
	"middle":    middlewares,

	"one-key":  func() { kept["/hello"] = oneKey(table()) },
	"variable": func() { kept["/hello"] = byVariable(table()) },
	"two-keys": func() { kept["/both"] = twoKeys(table()) },
	"boxed":    func() { kept["/boxed"] = anyKey(anyTable()) },
	"many":     manyAlike,
}

//go:noinline
func byParameter(m map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, m[r.URL.Query().Get("key")]) }
}

//go:noinline
func byPath(m map[string]string) func(*url.URL) string {
	return func(u *url.URL) string {
		if text, ok := m[strings.TrimPrefix(u.Path, "/file/")]; ok {
			return text
		}
		return m["key 0"]
	}
}

//go:noinline
func listing(m map[string]string) func() int {
	return func() int {
		n := 0
		for key := range m {
			n += len(key)
		}
		return n
	}
}

//go:noinline
func find(m map[string]string, key string) string { return m[key] }

// passing looks a fixed key up, and hands the map to who looks up others.
//
//go:noinline
func passing(m map[string]string) func(string) string {
	return func(key string) string { return m["key 1"] + find(m, key) }
}

//go:noinline
func caching() func(string) string {
	m := map[string]string{}
	get := func(key string) string {
		if text, ok := m[key]; ok {
			return text
		}
		m[key] = strings.Repeat("y", 64) + key
		return m[key]
	}
	for i := 0; i < entries; i++ {
		get(fmt.Sprint("entry ", i))
	}
	return get
}

// inner uses the map in a closure of its own, which the compiler makes on the stack.
//
//go:noinline
func inner(m map[string]string) func([]string) string {
	return func(keys []string) string {
		sort.Slice(keys, func(i, k int) bool { return m[keys[i]] < m[keys[k]] })
		return m["key 2"]
	}
}

// shared has one map behind several closures: one asks for a fixed key, the others for all.
func shared() {
	m := table()
	put := func(key, text string) { m[key] = text }
	kept["first"] = func() string { return m["key 3"] }
	kept["put"] = put
	kept["count"] = func() int { return len(m) }
}

// router has a handler a route, each with a table of its own.
func router() {
	for i := 0; i < 40; i++ {
		kept[fmt.Sprint("/route/", i)] = byParameter(table())
	}
}

func numbers() map[int]string {
	m := make(map[int]string, entries)
	for i := 0; i < entries; i++ {
		m[i] = strings.Repeat("n", 64) + fmt.Sprint(i)
	}
	return m
}

//go:noinline
func byNumber(m map[int]string) func(int) string {
	return func(i int) string { return m[i] }
}

// pool has workers that wait for something to do, with a table that they all share.
func pool() {
	m, jobs := table(), make(chan string)
	var lock sync.Mutex
	for i := 0; i < 8; i++ {
		go func() {
			for key := range jobs {
				lock.Lock()
				m[key] = "done"
				lock.Unlock()
			}
		}()
	}
	kept["jobs"] = jobs
	runtime.Gosched()
}

type settings struct {
	values map[string]interface{}
	get    func(string) interface{}
}

var options *settings

// config is what a server read at its start, held by a global and used by name.
func config() {
	s := &settings{values: map[string]interface{}{}}
	for i := 0; i < entries; i++ {
		s.values[fmt.Sprint("option ", i)] = []interface{}{i, strings.Repeat("o", 64)}
	}
	s.get = func(name string) interface{} { return s.values[name] }
	options = s
}

//go:noinline
func limit(next http.Handler, seen map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := seen[r.RemoteAddr]; ok {
			http.Error(w, "again", http.StatusTooManyRequests)
			return
		}
		seen[r.RemoteAddr] = time.Now().String()
		next.ServeHTTP(w, r)
	})
}

// middlewares are closures around closures, one with a map of who came.
func middlewares() {
	mux := http.NewServeMux()
	mux.Handle("/", byParameter(table()))
	kept["handler"] = limit(mux, table())
}

//go:noinline
func oneKey(m map[string]string) func() string {
	return func() string { return "hello " + m["key 5"] }
}

// byVariable captures the variable, since it is set afterwards.
//
//go:noinline
func byVariable(m map[string]string) func() string {
	hello := func() string { return "hello " + m["key 6"] }
	m = table()
	return hello
}

//go:noinline
func twoKeys(m map[string]string) func(bool) (string, error) {
	return func(second bool) (string, error) {
		if text, ok := m["key 7"]; ok && !second {
			return text, nil
		}
		if len(m) == 0 {
			return "", fmt.Errorf("no table")
		}
		return strings.ToUpper(m["key 8"]), nil
	}
}

func anyTable() map[interface{}]string {
	m := map[interface{}]string{}
	for i := 0; i < entries; i++ {
		m[fmt.Sprint("key ", i)] = strings.Repeat("a", 64) + fmt.Sprint(i)
	}
	return m
}

//go:noinline
func anyKey(m map[interface{}]string) func() string {
	return func() string { return m["key 9"] }
}

//go:noinline
func subscriber(m map[string]string) func(string) string {
	return func(event string) string { return event + m["name"] }
}

// manyAlike has a subscriber for each of many that came and never went.
func manyAlike() {
	var all []func(string) string
	for i := 0; i < 100; i++ {
		m := map[string]string{"name": fmt.Sprint(i), "picture": strings.Repeat("p", 20000)}
		all = append(all, subscriber(m))
	}
	kept["subscribers"] = all
}
