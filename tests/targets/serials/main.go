// Never still, and every object with a name: mutators allocate, grow maps and stacks and hand things on
// as fast as they can, while another goroutine collects without a pause. Each object begins with a mark
// and a serial number, taken after the object was allocated; the last number given out is in an object
// of its own. Who reads the heap at a stop and again after a collection can tell whether an object of
// the second reading was there at the first, by its number alone.
//
//	serials    prints "ready"; for each line that it reads: parks what runs and collects once, prints
//	           "parked"; for the line after that: goes on, prints "going"
package main

import (
	"math/rand"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"example.com/targets/quiet"
)

const mark = 0x5e71a15c0de5e71a

type serial struct{ mark, number uint64 }

// counter's number is the last serial number given out. (The pointer keeps it out of the small blocks
// that the runtime puts several objects without pointers into.)
type counter struct {
	number uint64
	self   *counter
}

var last = new(counter)

// give gives the object that S is the beginning of its serial number. The object is complete by then.
func (s *serial) give() {
	s.number = atomic.AddUint64(&last.number, 1)
	s.mark = mark
}

// gate is held for reading by every goroutine that changes the heap, but for when it passes a checkpoint
// or waits for another; who holds it for writing has the heap to itself.
var gate sync.RWMutex

func checkpoint() {
	gate.RUnlock()
	gate.RLock()
}

// start runs step again and again, with numbers that differ each time.
func start(step func(random *rand.Rand)) {
	seed := atomic.AddInt64(&seeds, 1)
	go func() {
		random := rand.New(rand.NewSource(seed))
		gate.RLock()
		for {
			step(random)
			checkpoint()
		}
	}()
}

var seeds int64

// numbered looks like the runtime's list of processors, which lies behind it: its objects are in the heap,
// of that size, and begin with their numbers.
var numbered []*[4000]uint32

// settle waits, with the gate closed, until everybody stands before it and no timer is left that would
// wake somebody. Who is on the way may be interrupted there by the collection, which then keeps what his
// frame has from somebody who used the stack before him.
func settle() {
	for atomic.LoadInt64(&due) > 0 {
		time.Sleep(time.Millisecond)
	}
	quiet.Settle()
}

func main() {
	debug.SetGCPercent(20)
	for i := uint32(0); i < 3; i++ {
		numbered = append(numbered, &[4000]uint32{i})
	}
	steps := []func(*rand.Rand){
		lists, sizes, replace, growMap, churnMaps, handOn, spawn, extend, boxes, finalize,
		slide, blow, crumble, move, wait, later, throw, unsettle,
	}
	for _, step := range steps {
		start(step)
	}
	go func() {
		for {
			gate.RLock()
			runtime.GC()
			gate.RUnlock()
		}
	}()
	quiet.Say("ready")
	for {
		quiet.Wait()
		gate.Lock()
		settle()
		runtime.GC()
		quiet.Say("parked")
		quiet.Wait()
		gate.Unlock()
		quiet.Say("going")
	}
}
