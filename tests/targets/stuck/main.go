// Goroutines that wait, each in a function whose name says whether something that can run could still wake
// it: lost... can never go on, free... can. It prints the runtime's own profile of
// goroutines that leak, if it has one, then "ready", and is silent.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type store struct {
	changes chan int
	mu      sync.Mutex
	rw      sync.RWMutex
	done    sync.WaitGroup
	cond    *sync.Cond
}

func newStore() *store {
	s := &store{changes: make(chan int)}
	s.cond = sync.NewCond(&s.mu)
	return s
}

var (
	kept       = newStore()
	keptWaits  sync.WaitGroup
	none       chan int
	everything = map[string]*store{"kept": newStore()}
)

func lostReceive(s *store)    { <-s.changes }
func lostSend(s *store)       { s.changes <- 1 }
func lostRange(c chan []byte) { for range c { } }
func lostNil()                { <-none }
func lostNilSend()            { none <- 1 }
func lostForever()            { select {} }
func lostNilSelect() {
	select {
	case <-none:
	case none <- 1:
	}
}

func lostSelect(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}

func freeSelect(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}

func lostMutex(s *store)     { s.mu.Lock() }
func lostRead(s *store)      { s.rw.RLock() }
func lostWrite(s *store)     { s.rw.Lock() }
func lostGroup(s *store)     { s.done.Wait() }
func freeMutex(s *store)     { s.mu.Lock() }
func freeGroup(s *store)     { s.done.Wait() }
func freeGlobal()            { keptWaits.Wait() }
func freeReceive(s *store)   { <-s.changes }
func freeSleep()             { time.Sleep(time.Hour) }
func freeTicker(t *time.Ticker) { for range t.C { } }
func freeAfter()             { <-time.After(time.Hour) }

func lostCond(s *store) {
	s.mu.Lock()
	s.cond.Wait()
}

func freeCond(s *store) {
	s.mu.Lock()
	s.cond.Wait()
}

// Who waits for a sleeper's channel can go on, and who waits for that one's.
func freeOfSleeper(c, next chan int) {
	next <- <-c
}

func freeSleeper(c chan int) {
	time.Sleep(time.Hour)
	c <- 1
}

// A ring: each waits for the one before it, and nobody begins.
func lostRing(from, to chan int) {
	for v := range from {
		to <- v
	}
}

// Of a chain the last one hangs on the first, in whichever order they were started.
func freeChain(from, to chan int) {
	for v := range from {
		to <- v
	}
}

func chain(n int) {
	links := make([]chan int, n+1)
	for i := range links {
		links[i] = make(chan int)
	}
	for i := 0; i < n; i += 2 {
		go freeChain(links[i], links[i+1])
	}
	for i := 1; i < n; i += 2 {
		go freeChain(links[n-i], links[n-i+1])
	}
	go freeSleeper(links[0])
}

// Something closes the channel when the owner is collected: it can still happen.
type owner struct{ c chan int }

func freeFinalized(c chan int) { <-c }

func finalized() {
	o := &owner{make(chan int)}
	runtime.SetFinalizer(o, func(o *owner) { close(o.c) })
	everything["owner"] = &store{changes: o.c}
	go freeFinalized(o.c)
}

func lost() {
	locked := newStore()
	locked.mu.Lock()
	locked.rw.Lock()
	locked.done.Add(1)
	go lostMutex(locked)
	go lostRead(locked)
	go lostWrite(locked)
	go lostGroup(locked)
	go lostCond(newStore())
	go lostReceive(newStore())
	go lostSend(newStore())
	go lostRange(make(chan []byte))
	go lostNil()
	go lostNilSend()
	go lostNilSelect()
	go lostForever()
	go lostSelect(make(chan int), make(chan int))
	a, b := make(chan int), make(chan int)
	go lostRing(a, b)
	go lostRing(b, a)
}

func free() {
	s := everything["kept"]
	kept.mu.Lock()
	s.done.Add(1)
	keptWaits.Add(1)
	go freeMutex(kept)
	go freeGroup(s)
	go freeGlobal()
	go freeReceive(s)
	go freeCond(s)
	go freeSleep()
	go freeTicker(time.NewTicker(time.Hour))
	go freeAfter()
	go freeSelect(make(chan int), s.changes)
	c, next := make(chan int), make(chan int)
	go freeSleeper(c)
	go freeOfSleeper(c, next)
	go freeReceive(&store{changes: next})
	chain(100)
	finalized()
}

// Two crowds of one size: nobody can send to those of the one, a global leads to the other's channel.
func lostCrowd(c chan []byte) {
	<-c // lost
}

func freeCrowd(c chan []byte) {
	<-c
}

var news = make(chan []byte)

func crowds() {
	for i := 0; i < 150; i++ {
		go lostCrowd(make(chan []byte))
		go freeCrowd(news)
	}
}

func main() {
	lost()
	free()
	crowds()
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	time.Sleep(50 * time.Millisecond)
	if profile := pprof.Lookup("goroutineleak"); profile != nil {
		fmt.Println("profile")
		profile.WriteTo(os.Stdout, 2)
	}
	runtime.GC()
	fmt.Println("ready")
	syscall.Read(0, make([]byte, 1))
}
