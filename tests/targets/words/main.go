// What has a name in the source and what has none: elements before a slice and behind it, pointers beside
// a malloc header, goroutines that begin in the runtime, packages that are called alike.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"

	astore "example.com/targets/words/a/store"
	bstore "example.com/targets/words/b/store"
	shadow "example.com/targets/words/gorilla/context"
	"example.com/targets/words/yaml.v3"
)

type job struct {
	id      int
	payload []byte
}

type item struct{ j *job } // an element that is no pointer itself

type queue struct{ items []*job }

type office struct {
	name  string
	inner struct{ waiting queue }
}

type ring struct {
	slots      []*job
	head, tail []*job // of the same array
}

var (
	fifo, lifo queue
	desk       office
	values     []item
	plain      []*job
	fixed      [6]*job
	window     []*job // of fixed
	turning    ring
	stored     *queue // a pointer to a struct
	byName     = map[string]queue{}
	boxedQueue interface{}
)

func newJob(id int) *job { return &job{id, make([]byte, 1000)} }

func fill(n int) []*job {
	items := make([]*job, 0, n)
	for i := 0; i < n; i++ {
		items = append(items, newJob(i))
	}
	return items
}

func slices() {
	fifo.items = fill(20)[17:]
	lifo.items = fill(20)[:3]
	desk.inner.waiting.items = fill(20)[18:]
	values = make([]item, 20)
	for i := range values {
		values[i].j = newJob(i)
	}
	values = values[15:]
	plain = fill(20)[12:16]
	for i := range fixed {
		fixed[i] = newJob(i)
	}
	window = fixed[2:4]
	turning.slots = fill(16)
	turning.head, turning.tail = turning.slots[2:5], turning.slots[9:12]
	stored = &queue{fill(20)[5:8]}
	byName["one"] = queue{fill(20)[4:6]}
	boxedQueue = queue{fill(20)[19:]}
}

// A row is larger than 512 bytes, so that the allocator writes its type in front of it.
type row struct {
	next *leaf
	text [80]string
}

type leaf struct{ name string }

var (
	rows  []*row
	boxes []interface{}
)

func headers() {
	for i := 0; i < 10; i++ {
		rows = append(rows, &row{next: &leaf{fmt.Sprint("leaf", i)}})
		boxes = append(boxes, [3]int{i, i, i})
	}
}

type handle struct{ data []byte }

// release is a finalizer that never comes to its end.
func release(h *handle) {
	keep := make([]byte, 90000)
	<-make(chan int)
	runtime.KeepAlive(keep)
}

func finalizers() {
	runtime.SetFinalizer(&handle{make([]byte, 100)}, release)
}

func names() {
	shadow.Put("one", 20000)
	astore.Add("one", 20000)
	bstore.Add("one", 20000)
	yaml.Parse(20000)
	go yaml.Wait(make(chan *yaml.Node))
	go astore.Park()
	go bstore.Park()
}

var background context.Context

func main() {
	slices()
	headers()
	names()
	background = context.WithValue(context.Background(), "key", make([]byte, 20000))
	finalizers()
	newer()
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
}
