// What changes more than objects: stacks that move, timers, panics, processors that go, memory given back.
package main

import (
	"math/rand"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

var (
	window   = map[int]*node{}
	bulky    = map[int]bulk{}
	slots    [16][]*node
	blocks   [8][]byte
	tiny     [64]interface{}
	held     = make(chan *node)
	lastSeen *node
	numbers  runtime.MemStats

	// due counts the timers that some goroutine will run for, whether the gate is closed or not.
	due int64
)

// bulk is too large for a cell of a map: the map keeps pointers to such elements.
type bulk struct {
	n   *node
	pad [40]int
}

// slide moves a window of keys on: cells of deleted ones fill a map until it is made anew in the same size.
func slide(random *rand.Rand) {
	first := random.Intn(1 << 20)
	for i := first; i < first+400; i++ {
		window[i] = newNode(nil)
		delete(window, i-50)
		bulky[i%100] = bulk{n: newNode(nil)}
	}
	for k := range window {
		delete(window, k)
	}
	if random.Intn(4) == 0 {
		bulky = map[int]bulk{}
	}
}

// blow makes large objects, with pointers and without, and lets them go.
func blow(random *rand.Rand) {
	large := make([]*node, 4100+random.Intn(10000))
	slots[random.Intn(len(slots))] = large
	for i := 0; i < 20; i++ {
		large[random.Intn(len(large))] = newNode(nil)
	}
	blocks[random.Intn(len(blocks))] = make([]byte, 30000+random.Intn(100000))
	for i := range slots {
		if random.Intn(4) == 0 {
			slots[i] = nil
		}
	}
}

// crumble fills the blocks that the runtime puts several small objects without pointers into.
func crumble(random *rand.Rand) {
	for i := 0; i < 200; i++ {
		switch k := random.Intn(len(tiny)); random.Intn(4) {
		case 0:
			tiny[k] = random.Intn(1 << 40)
		case 1:
			tiny[k] = new([3]byte)
		case 2:
			tiny[k] = new(uint16)
		case 3:
			tiny[k] = newPlain()
		}
	}
}

// move has a stack grow under pointers into it, in a goroutine that begins with the smallest.
func move(random *rand.Rand) {
	done := make(chan *node, 1)
	depth := 50 + random.Intn(400)
	go func() {
		gate.RLock()
		first := [3]*node{newNode(nil), newNode(nil), newNode(nil)}
		descend(&first, &first, depth)
		done <- first[1]
		gate.RUnlock()
	}()
	gate.RUnlock()
	n := <-done
	gate.RLock()
	lastSeen = n
}

//go:noinline
func descend(first, above *[3]*node, depth int) {
	mine := [3]*node{above[1], newNode(nil), first[0]}
	if depth%100 == 0 {
		checkpoint()
	}
	if depth > 0 {
		descend(first, &mine, depth-1)
	}
	above[2] = mine[1]
	first[depth%3] = mine[2]
}

// wait has goroutines that wait for each other with what they hold in their frames alone.
func wait(random *rand.Rand) {
	for i := 0; i < 3; i++ {
		go func() {
			gate.RLock()
			mine := newNode(newNode(nil))
			atomic.AddInt64(&due, 1)
			gate.RUnlock()
			var other *node
			select {
			case held <- mine:
			case other = <-held:
			case <-time.After(time.Duration(1+random.Intn(1000)) * time.Microsecond):
			}
			atomic.AddInt64(&due, -1)
			gate.RLock()
			if other != nil {
				mine.other = other
				lastSeen = mine
			}
			runtime.KeepAlive(mine)
			gate.RUnlock()
		}()
	}
}

// later leaves objects to timers alone. Those that are stopped have none: when the runtime forgets them is
// its own affair.
func later(random *rand.Rand) {
	for i := 0; i < 10; i++ {
		n := newNode(nil)
		atomic.AddInt64(&due, 1)
		time.AfterFunc(time.Duration(random.Intn(2000))*time.Microsecond, func() {
			atomic.AddInt64(&due, -1)
			gate.RLock()
			lastSeen = n
			gate.RUnlock()
		})
		if i%3 == 0 {
			time.AfterFunc(time.Hour, func() {}).Stop()
		}
	}
	runtime.Gosched()
}

// throw panics with an object through some frames that defer.
func throw(random *rand.Rand) {
	defer func() { lastSeen = recover().(*node) }()
	var fall func(depth int)
	fall = func(depth int) {
		n := newNode(nil)
		defer func() { n.other = newNode(nil) }()
		if depth == 0 {
			panic(newNode(n))
		}
		fall(depth - 1)
	}
	fall(random.Intn(10))
}

// unsettle changes what the runtime itself goes by, and asks for its counters.
func unsettle(random *rand.Rand) {
	switch random.Intn(6) {
	case 0:
		runtime.GOMAXPROCS(2 + random.Intn(4))
	case 1:
		debug.SetGCPercent([]int{5, 20, 100}[random.Intn(3)])
	case 2:
		debug.FreeOSMemory()
	case 3:
		runtime.ReadMemStats(&numbers)
	default:
		metrics.Read([]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}})
	}
	atomic.AddInt64(&due, 1)
	gate.RUnlock()
	time.Sleep(time.Millisecond)
	atomic.AddInt64(&due, -1)
	gate.RLock()
}
