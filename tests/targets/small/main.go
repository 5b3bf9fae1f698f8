// A few of every thing that goretain reads, for tests that read it very often: the snapshot that the
// fuzzers change is made of this program.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

type shape interface{ area() float64 }

type square struct{ side float64 }

func (s *square) area() float64 { return s.side * s.side }

type node struct {
	left, right *node
	name        string
	any         interface{}
	shape       shape
}

type big struct {
	rows [40]struct {
		text string
		next *node
	}
}

var (
	byName  = map[string]*node{}
	byInt   = map[int64][]byte{}
	wide    = map[[40]int64][200]byte{} // keys and elements lie outside the table
	anyKeys = map[interface{}]interface{}{}
	grown   = map[int]string{}
	list    *node
	bigs    []*big
	large   []interface{}
	pool    sync.Pool
	doc     interface{}
	calls   = map[string]func() string{}
	once    sync.Once
	mutex   sync.Mutex
	started sync.WaitGroup
	note    string // what the linker is told to put here
)

func values() {
	anyKeys["note"] = &note
	for i := 0; i < 40; i++ {
		list = &node{left: list, name: fmt.Sprint("node ", i), any: i * 1000, shape: &square{1}}
		byName[list.name] = list
		byInt[int64(i)] = make([]byte, i)
		grown[i*7919] = list.name
		anyKeys[fmt.Sprint("key ", i)] = []interface{}{i, list.name, 1.5, nil}
		bigs = append(bigs, &big{})
		bigs[i].rows[i%40].next = list
	}
	for i := 0; i < 3; i++ {
		wide[[40]int64{int64(i)}] = [200]byte{byte(i)}
	}
	large = make([]interface{}, 5000)
	for i := 0; i < 100; i++ {
		large[i*50] = list
	}
	pool.Put(&node{name: "pooled"})
	if err := json.Unmarshal([]byte(`{"a":[1,"two",{"b":null,"c":[{"d":{"e":1}}]}]}`), &doc); err != nil {
		panic(err)
	}
	for _, name := range []string{"x", "y"} {
		m := map[string]interface{}{"name": name, "blob": make([]byte, 4096)}
		calls[name] = func() string { return m["name"].(string) }
	}
}

//go:noinline
func deep(n int, c chan *node, ctx context.Context) {
	var buffer [16]*node
	buffer[n] = list
	defer func() { runtime.KeepAlive(&buffer) }()
	if n > 0 {
		deep(n-1, c, ctx)
		return
	}
	started.Done()
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// Maps that only the frame has: one whose header lies in it, one that another function made.
func local(made map[string]*node, c chan *node) {
	own := map[int]*node{}
	for i := 0; i < 100; i++ {
		own[i] = list
		made[fmt.Sprint("made ", i)] = &node{right: list}
	}
	started.Done()
	<-c
	own[0], made["made 0"] = made["made 0"], own[1]
}

func park() {
	c := make(chan *node)
	full := make(chan interface{}, 4)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), 1, anyKeys))
	mutex.Lock()
	started.Add(10)
	go local(map[string]*node{}, c)
	for i := 0; i < 5; i++ {
		go deep(i, c, ctx)
	}
	for i := 0; i < 2; i++ {
		go func() { started.Done(); mutex.Lock() }()
	}
	go func() {
		started.Done()
		for i := 0; ; i++ {
			full <- list
		}
	}()
	go func() {
		defer cancel()
		ticker := time.NewTicker(time.Hour)
		started.Done()
		<-ticker.C
	}()
	time.AfterFunc(time.Hour, func() { calls["timer"] = calls["x"] })
	runtime.SetFinalizer(&node{left: list}, func(*node) {})
	started.Wait()
}

func main() {
	values()
	park()
	runtime.GC()
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
