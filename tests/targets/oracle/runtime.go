package main

import (
	"bytes"
	"container/list"
	"context"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"text/template"
	"time"
)

type contextKey string

var (
	syncMap    sync.Map
	pool       = sync.Pool{New: func() interface{} { return new(wide) }}
	channel    = make(chan *node, 8)
	shared     context.Context
	cancel     context.CancelFunc
	timer      *time.Timer
	ticker     *time.Ticker
	atomicAny  atomic.Value
	expression = regexp.MustCompile(`^(a|b)+[0-9]{2,5}(x[^y]*)?$`)
	page       = template.Must(template.New("t").Parse(`{{range .}}{{.Name}} {{end}}`))
)

func makeRuntimeThings() {
	for i := 0; i < 200; i++ {
		syncMap.Store(i, &node{value: i})
		if i%3 == 0 {
			syncMap.Delete(i / 2)
		}
	}
	for i := 0; i < 5; i++ {
		pool.Put(&wide{})
	}
	channel <- &node{value: 1}
	channel <- &node{value: 2}
	makeContexts()
	makeTimers()
	makeFinalizers()
	atomicAny.Store(jsonTree(1))
	elements := list.New()
	for i := 0; i < 30; i++ {
		elements.PushBack(i)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	keep(elements, reader, writer, &http.Client{Timeout: time.Hour}, http.NewServeMux(),
		bytes.NewBufferString("buffered"), make(chan struct{}), make(chan [100]byte, 4),
		make(chan interface{}, 100), make(chan scattered, 3))
}

func makeContexts() {
	c := context.WithValue(context.Background(), contextKey("k"), &node{value: 9})
	c = context.WithValue(c, contextKey("m"), jsonTree(1))
	shared, cancel = context.WithTimeout(c, 100*time.Hour)
	for i := 0; i < 5; i++ {
		child, stop := context.WithCancel(shared)
		keep(child, stop)
	}
	done, stop := context.WithCancel(c)
	stop()
	keep(done)
}

func makeTimers() {
	n := &node{name: "timer"}
	timer = time.AfterFunc(90*time.Hour, func() { n.value++ })
	ticker = time.NewTicker(80 * time.Hour)
	for i := 0; i < 20; i++ {
		t := time.NewTimer(time.Duration(100+i) * time.Hour)
		if i%4 == 0 {
			t.Stop()
		}
		keep(t)
	}
	time.AfterFunc(70*time.Hour, func() { n.value-- }) // held by the timer heap alone
}

func makeFinalizers() {
	runtime.SetFinalizer(globalWide, func(w *wide) { println(w.pad[0]) })
	only := &node{name: "finalizer's own"}
	for i := 0; i < 10; i++ {
		n := &node{value: i, left: &node{value: -i}}
		runtime.SetFinalizer(n, func(n *node) { only.value += n.value })
		keep(n)
	}
}
