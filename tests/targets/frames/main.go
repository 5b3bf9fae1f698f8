// Goroutines that wait in the middle of everything that makes frames hard to read: panics, deferred calls
// of all kinds, faults, code that package reflect or an assembler made, coroutines, C. Each frame has
// variables that are used again and others that are not. The collector is off.
//
//	frames DUMPFILE STACKSFILE    prints "ready", waits for a line, writes what runtime.Stack says of all
//	                              goroutines, collects, dumps, prints its counters, waits
package main

import (
	"os"
	"runtime"
	"sync"

	"example.com/targets/quiet"
)

type node struct {
	left, right *node
	value       int
}

var (
	never  = make(chan int)
	parked sync.WaitGroup
	state  int
)

// start runs f in a goroutine of its own, which gets to stop once.
func start(f func()) {
	parked.Add(1)
	go f()
}

//go:noinline
func stop() {
	parked.Done()
	<-never
}

//go:noinline
func use(nodes ...*node) {
	for _, n := range nodes {
		if n != nil {
			n.value++
		}
	}
}

// waste leaves a node behind.
//
//go:noinline
func waste() *node { return &node{left: &node{}, value: state} }

func writeStacks(file string) {
	text := make([]byte, 4<<20)
	if err := os.WriteFile(file, text[:runtime.Stack(text, true)], 0600); err != nil {
		panic(err)
	}
}

//go:noinline
func startAll() {
	startPanics()
	startDefers()
	startFrames()
	startCalls()
	startNewer()
	startC()
	parked.Wait()
}

// startFinalizer waits in a finalizer.
func startFinalizer() {
	parked.Add(1)
	runtime.SetFinalizer(&node{right: &node{}}, func(n *node) {
		use(waste())
		stop()
		use(n)
	})
	runtime.GC()
	parked.Wait()
}

//go:noinline
func collect() {
	runtime.GC()
	quiet.Dump()
}

func main() {
	quiet.Prepare()
	startFinalizer()
	startAll()
	quiet.Settle()
	quiet.Say("ready")
	quiet.Wait()
	writeStacks(os.Args[2])
	collect()
	quiet.Wait()
}
