// A thousand goroutines that wait in mixed ways, at mixed depths, under calls of every kind.
//
//	stacks FILE    prints "ready"; for each line that it reads: writes what runtime.Stack says of all
//	               goroutines to the file, prints "written"
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sort"
	"sync"
	"time"

	"example.com/targets/quiet"
)

var (
	never   = make(chan int)
	full    = make(chan int)
	mutex   sync.Mutex
	rw      sync.RWMutex
	cond    = sync.NewCond(&sync.Mutex{})
	group   sync.WaitGroup
	waiting sync.WaitGroup
)

// waits are the ways to wait.
var waits = []func(){
	func() { waiting.Done(); <-never },
	func() { waiting.Done(); full <- 1 },
	func() {
		waiting.Done()
		select {
		case <-never:
		case full <- 2:
		}
	},
	func() { waiting.Done(); mutex.Lock() },
	func() { waiting.Done(); rw.RLock() },
	func() { waiting.Done(); rw.Lock() },
	func() { cond.L.Lock(); waiting.Done(); cond.Wait() },
	func() { waiting.Done(); group.Wait() },
	func() { waiting.Done(); time.Sleep(time.Hour) },
	func() { waiting.Done(); select {} },
	func() { waiting.Done(); var none chan int; <-none },
	func() { waiting.Done(); <-time.After(time.Hour) },
}

type waiter interface{ wait(func()) }

type inner struct{ name string }

type outer struct {
	*inner
	number int
}

func (i *inner) wait(f func()) { f() }

//go:noinline
func (o outer) value(f func()) int { f(); return o.number }

type sorter struct{ f func() }

func (s sorter) Len() int           { return 2 }
func (s sorter) Less(i, j int) bool { s.f(); return i < j }
func (s sorter) Swap(i, j int)      {}

//go:noinline
func generic[A any](a A, f func()) A { f(); return a }

func inlinedOnce(f func())  { f() }
func inlinedTwice(f func()) { inlinedOnce(f) }

//go:noinline
func deep(n int, f func()) int {
	if n == 0 {
		f()
		return 0
	}
	return deep(n-1, f) + 1
}

// calls are the ways to get there.
var calls = []func(int, func()){
	func(i int, f func()) { deep(i%140, f) },
	func(i int, f func()) { inlinedTwice(f) },
	func(i int, f func()) { var w waiter = outer{&inner{fmt.Sprint(i)}, i}; w.wait(f) },
	func(i int, f func()) { m := (&inner{}).wait; deep(i%7, func() { m(f) }) },
	func(i int, f func()) { m := outer{number: i}.value; m(f) },
	func(i int, f func()) { sort.Sort(sorter{f}) },
	func(i int, f func()) { generic(i, func() { generic(fmt.Sprint(i), f) }) },
	func(i int, f func()) { defer f() },
	func(i int, f func()) { defer func() { f(); recover() }(); panic(i) },
	func(i int, f func()) {
		defer func() { f(); recover() }()
		var none *outer
		none.number = 1
	},
	func(i int, f func()) {
		for k := 0; k < 1+i%2; k++ {
			defer f()
		}
	},
	func(i int, f func()) { defer f(); runtime.Goexit() },
	func(i int, f func()) { reflect.ValueOf(f).Call(nil) },
	func(i int, f func()) {
		made := reflect.MakeFunc(reflect.TypeOf(f), func([]reflect.Value) []reflect.Value { f(); return nil })
		made.Interface().(func())()
	},
	func(i int, f func()) { new(sync.Once).Do(func() { inlinedTwice(f) }) },
	func(i int, f func()) {
		byName := map[int]func(){i: f}
		for _, g := range byName {
			g()
		}
	},
}

func main() {
	mutex.Lock()
	rw.Lock()
	group.Add(1)
	for i := 0; i < 6*len(waits)*len(calls); i++ {
		waiting.Add(1)
		call, wait := calls[i%len(calls)], waits[i/len(calls)%len(waits)]
		if i%3 == 0 {
			go call(i, wait)
		} else {
			go func(i int) { call(i, wait) }(i)
		}
	}
	waiting.Wait()
	quiet.Settle()
	text := make([]byte, 16<<20)
	quiet.Say("ready")
	for {
		quiet.Wait()
		if err := os.WriteFile(os.Args[1], text[:runtime.Stack(text, true)], 0600); err != nil {
			panic(err)
		}
		quiet.Say("written")
	}
}
