// What grows, and what only changes: a target for comparisons of two snapshots.
//
// A line on standard input is a step: a number of bytes for each leak to take in. It answers with a line when
// the step is done: nanoseconds since 1970, live bytes after a collection. After a negative number nothing is
// turned over or collected. Between steps everything stands still.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

type session struct {
	name string
	body []byte
}

type store struct{ recent []*session }

type server struct {
	sessions map[string]*session
	store    *store
	shards   [16]map[int]*session
}

// Forget is called nowhere; the type's table of methods has its name all the same.
func (s *server) Forget(name string) { delete(s.sessions, name) }

// Expire is inlined where it is called.
func (s *server) Expire() { s.store.recent = s.store.recent[:len(s.store.recent):len(s.store.recent)] }

// sessions and history gather; cache turns over and stays as large as it is; shrinking is emptied.
var (
	front     = &server{sessions: map[string]*session{}, store: &store{}}
	history   []*session
	cache     = map[int]*session{}
	shrinking = map[int]*session{}
	serial    int
	emptied   int
)

const bodySize = 4096

func newSession() *session {
	serial++
	return &session{name: fmt.Sprint("session ", serial), body: make([]byte, bodySize)}
}

func wait(stop chan struct{}) { <-stop }

// put is a helper: whoever looks for the line to change wants to know who calls it.
//
//go:noinline
func put(m map[string]*session, s *session) { m[s.name] = s }

// grow lets each place take in about BYTES.
func grow(bytes int) {
	for n := 0; n < bytes; n += bodySize {
		s := newSession()
		put(front.sessions, s)
	}
	for n := 0; n < bytes/2; n += bodySize {
		history = append(history, newSession())
		front.store.recent = append(front.store.recent, newSession())
	}
	for n := 0; n < bytes/4; n += bodySize {
		s := newSession()
		shard := &front.shards[serial%len(front.shards)]
		if *shard == nil {
			*shard = map[int]*session{}
		}
		(*shard)[serial] = s
	}
	for n := 0; n < bytes/8; n += 2048 {
		go wait(make(chan struct{}))
	}
}

// turn replaces what the cache holds, and empties what shrinks.
func turn() {
	for i := 0; i < 1000; i++ {
		cache[i] = newSession()
	}
	for i := 0; i < 200; i++ {
		delete(shrinking, emptied)
		emptied++
	}
}

func main() {
	for i := 0; i < 1000; i++ {
		shrinking[i] = newSession()
	}
	turn()
	front.Expire()
	fmt.Fprintf(io.Discard, "%T", front) // so that the program keeps its type
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for in.Scan() {
		var bytes int
		fmt.Sscan(strings.TrimSpace(in.Text()), &bytes)
		if bytes < 0 {
			grow(-bytes)
			fmt.Println(time.Now().UnixNano(), 0)
			continue
		}
		grow(bytes)
		turn()
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(time.Now().UnixNano(), m.HeapAlloc)
	}
	runtime.KeepAlive(front)
}
