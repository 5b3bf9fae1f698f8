// Never still: allocates, grows and shrinks maps, starts and ends goroutines and collects as fast as
// it can, so that stops hit the runtime at every kind of moment. What it keeps stays correct at any
// moment: two lists of a fixed length and a map of a fixed size, which a reader can check.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

type node struct {
	next    *node
	value   int
	payload interface{}
}

const length = 1000

var (
	fixedList *node // always length nodes
	fixedMap  = map[int]*node{}
	latest    interface{}
)

func build(n int) (list *node) {
	for i := 0; i < n; i++ {
		list = &node{next: list, value: i, payload: strconv.Itoa(i)}
	}
	return list
}

func replaceLists() {
	for {
		fixedList = build(length)
		runtime.Gosched()
	}
}

func growMaps(seed int64) {
	random := rand.New(rand.NewSource(seed))
	for {
		m := map[string]interface{}{}
		for n := random.Intn(5000); n > 0; n-- {
			m[strconv.Itoa(random.Intn(10000))] = &node{value: n, payload: n}
			if n%3 == 0 {
				delete(m, strconv.Itoa(random.Intn(10000)))
			}
		}
		latest = m
	}
}

func spawn() {
	for {
		done := make(chan *node)
		for i := 0; i < 20; i++ {
			go deep(random(i), done)
		}
		for i := 0; i < 20; i++ {
			<-done
		}
	}
}

func random(i int) int { return (i*7919 + 13) % 200 }

//go:noinline
func deep(depth int, done chan *node) {
	local := [2]*node{{value: depth}}
	taken := &local
	if depth > 0 {
		deep(depth-1, done)
	} else {
		done <- taken[0]
	}
	runtime.KeepAlive(taken)
}

func main() {
	debug.SetGCPercent(20)
	for i := 0; i < length; i++ {
		fixedMap[i] = &node{value: i}
	}
	fixedList = build(length)
	go replaceLists()
	go spawn()
	for i := int64(0); i < 2; i++ {
		go growMaps(i)
	}
	go func() {
		for {
			runtime.GC()
		}
	}()
	fmt.Println("ready")
	seconds := 600 // and then it ends by itself, whatever became of who started it
	if len(os.Args) > 1 {
		seconds, _ = strconv.Atoi(os.Args[1])
	}
	time.Sleep(time.Duration(seconds) * time.Second)
}
