package main

import (
	"context"
	"runtime/pprof"
	"sync"
)

func makeTasks() {
	makeHandles()
	makeBubble()
	startChannels()
	startLocks()
	start(func() {
		pprof.Do(context.Background(), pprof.Labels(text("label.key"), text("label.value")),
			func(context.Context) { parked.Done(); <-never })
	})
	start(func() {
		m := newPair("panic.value")
		defer func() { parked.Done(); <-never; use(recover()) }()
		panic(m)
	})
	start(func() {
		m := newPair("defer.loop")
		for i := 0; i < 2; i++ {
			defer func() { use(m) }()
		}
		parked.Done()
		<-never
	})
}

func startChannels() {
	send, full := make(chan *mark), make(chan *mark, 3)
	for i := 0; i < 3; i++ {
		full <- newPair("channel.buffered")
	}
	start(func() { parked.Done(); send <- newPair("channel.sent") })
	start(func() { parked.Done(); full <- newPair("channel.full") })
	start(func() {
		a, b := make(chan *mark), make(chan interface{}, 1)
		b <- newPair("select.buffered")
		parked.Done()
		select {
		case a <- newPair("select.sent"):
		case b <- newPair("select.boxed"):
		case <-never:
		}
	})
	start(func() {
		var none chan *mark
		parked.Done()
		none <- newPair("channel.none")
	})
}

// locked is reached only through the goroutines that wait for its lock.
type locked struct {
	sync.Mutex
	next *mark
}

func startLocks() {
	l := &locked{next: newPair("mutex.behind")}
	l.Lock()
	for i := 0; i < 3; i++ {
		start(func() { parked.Done(); l.Lock(); use(l) })
	}
}

// makeWaiters leaves records of goroutines that waited and go on no more: more than a processor keeps.
func makeWaiters() {
	var done sync.WaitGroup
	gate := make(chan int)
	for i := 0; i < 1000; i++ {
		done.Add(1)
		go func() { <-gate; done.Done() }()
	}
	close(gate)
	done.Wait()
}
