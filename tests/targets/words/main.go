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

type grid struct{ cells [6]*job }

type ring struct {
	head, tail []*job // of the same array
	odd        []byte
}

// types are those of variables below: a program need not have their descriptors otherwise.
var types = []interface{}{office{}, []item(nil), []*job(nil), grid{}, ring{}}

var (
	fifo, lifo queue
	desk       office
	values     = make([]item, 20)
	plain      []*job
	board      grid
	window     []*job // of board's cells
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

// place prints where a job lies: what the source calls that, or where in the array it is.
func place(j *job, words string) { fmt.Printf("place %p %s\n", j, words) }

func slices() {
	all := fill(20)
	fifo.items = all[17:]
	place(all[0], "main.fifo.items, 17 slots before its start")
	place(all[16], "main.fifo.items, 1 slot before its start")
	place(all[18], "main.fifo.items[1]")
	all = fill(20)
	lifo.items = all[:3]
	place(all[2], "main.lifo.items[2]")
	place(all[3], "main.lifo.items, 1 slot behind its end")
	place(all[19], "main.lifo.items, 17 slots behind its end")
	all = fill(20)
	desk.inner.waiting.items = all[18:]
	place(all[3], "main.desk.inner.waiting.items, 15 slots before its start")
	place(all[19], "main.desk.inner.waiting.items[1]")
	for i := range values {
		values[i].j = newJob(i)
	}
	place(values[4].j, "main.values, 11 slots before its start, .j")
	place(values[17].j, "main.values[2].j")
	values = values[15:]
	all = fill(20)
	plain = all[12:16]
	place(all[2], "main.plain, 10 slots before its start")
	place(all[13], "main.plain[1]")
	place(all[17], "main.plain, 2 slots behind its end")
	for i := range board.cells {
		board.cells[i] = newJob(i)
	}
	window = board.cells[2:4]
	place(board.cells[3], "main.board.cells[3]")
	place(board.cells[5], "main.board.cells[5]")
	all = fill(16)
	turning.head, turning.tail = all[2:5], all[9:12]
	place(all[3], "main.turning.head[1]")
	place(all[10], "main.turning.tail[1]")
	place(all[0], "main.turning.head, 2 slots before its start")
	all = fill(20)
	stored = &queue{all[5:8]}
	place(all[1], "main.stored.items, 4 slots before its start")
	place(all[6], "main.stored.items[1]")
	all = fill(20)
	byName["one"] = queue{all[4:6]}
	place(all[3], "main.byName[\"one\"].items, 1 slot before its start")
	place(all[5], "main.byName[\"one\"].items[1]")
	all = fill(20)
	boxedQueue = queue{all[19:]}
	place(all[19], "main.boxedQueue.(main.queue).items[0]")
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
	runtime.KeepAlive(types)
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
