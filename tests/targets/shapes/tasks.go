package main

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// start has N goroutines run f, each of which says when it is about to wait.
func start(n int, f func(i int, ready func())) {
	var waiting sync.WaitGroup
	waiting.Add(n)
	for i := 0; i < n; i++ {
		go f(i, waiting.Done)
	}
	waiting.Wait()
}

// goroutines each wait for a channel of their own, which another holds.
func goroutines(n int) interface{} {
	channels := make([]chan *record, n)
	for i := range channels {
		channels[i] = make(chan *record)
	}
	start(n, func(i int, ready func()) {
		mine := &record{id: i}
		ready()
		mine.next = <-channels[i]
		runtime.KeepAlive(mine)
	})
	return channels
}

// waiters are goroutines that wait for the same thing.
func waiters(n int) interface{} {
	queue := make(chan int)
	mutex := new(sync.Mutex)
	mutex.Lock()
	start(n, func(i int, ready func()) {
		ready()
		if i%2 == 0 {
			<-queue
		} else {
			mutex.Lock()
		}
	})
	return []interface{}{queue, mutex}
}

//go:noinline
func descend(n int, before *record, bottom func()) int {
	mine := &record{id: n, next: before}
	if n == 0 {
		bottom()
	} else {
		n = descend(n-1, mine, bottom)
	}
	runtime.KeepAlive(mine)
	return n + mine.id
}

// frames are all of one goroutine.
func frames(n int) interface{} {
	start(1, func(_ int, ready func()) {
		descend(n, nil, func() {
			ready()
			select {}
		})
	})
	return nil
}

// defers are all of one frame.
func defers(n int) interface{} {
	start(1, func(_ int, ready func()) {
		for i := 0; i < n; i++ {
			r := &record{id: i}
			defer func() { r.id++ }()
		}
		ready()
		select {}
	})
	return nil
}

// stackMaps has maps that nothing but frames hold.
func stackMaps(n int) interface{} {
	start(n, func(i int, ready func()) {
		mine := map[string]*record{}
		mine["a"] = &record{id: i}
		ready()
		select {}
		mine["b"] = nil
	})
	return nil
}

func timers(n int) interface{} {
	all := make([]*time.Timer, n)
	for i := range all {
		r := &record{id: i}
		all[i] = time.AfterFunc(24*time.Hour+time.Duration(i)*time.Second, func() { r.id++ })
	}
	return all
}

// mappings are not the runtime's; neighbours differ in what is allowed, so that they stay apart.
func mappings(n int) interface{} {
	all := make([][]byte, n)
	for i := range all {
		bytes, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err != nil {
			panic(err)
		}
		bytes[0] = 1
		if i%2 == 0 {
			if err := syscall.Mprotect(bytes, syscall.PROT_READ); err != nil {
				panic(err)
			}
		}
		all[i] = bytes
	}
	return all
}
