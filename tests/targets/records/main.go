// What the runtime makes for a program and hands over as something less: timers, who waits, lists of its own
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	nTimers  = 200
	nLone    = 30
	nWaiting = 50
)

// kind has one type, and named one interface, for each array type.
type kind[A any] struct{ a A }

func (k kind[A]) Same() {}

type named[A any] interface{ Same() }

// pair has the runtime make an itab for x and an interface.
func pair[A any](x any) {
	x.(named[A]).Same()
}

var kinds = []any{
	kind[[0]int]{}, kind[[1]int]{}, kind[[2]int]{}, kind[[3]int]{}, kind[[4]int]{}, kind[[5]int]{},
	kind[[6]int]{}, kind[[7]int]{}, kind[[8]int]{}, kind[[9]int]{}, kind[[10]int]{}, kind[[11]int]{},
	kind[[12]int]{}, kind[[13]int]{}, kind[[14]int]{}, kind[[15]int]{}, kind[[16]int]{}, kind[[17]int]{},
	kind[[18]int]{}, kind[[19]int]{},
}

var pairs = []func(any){
	pair[[0]int], pair[[1]int], pair[[2]int], pair[[3]int], pair[[4]int], pair[[5]int], pair[[6]int],
	pair[[7]int], pair[[8]int], pair[[9]int], pair[[10]int], pair[[11]int], pair[[12]int], pair[[13]int],
	pair[[14]int], pair[[15]int], pair[[16]int], pair[[17]int], pair[[18]int], pair[[19]int],
}

// disguised begins with a timer of its own and is as large as those that the runtime makes.
type disguised struct {
	timer time.Timer
	rest  [12]uintptr
}

type clock struct {
	timers []*time.Timer
	own    *time.Timer
}

type lobby struct {
	mutex sync.Mutex
	cond  *sync.Cond
}

var (
	clocks []*clock
	rooms  []*lobby
	pool   = sync.Pool{New: func() any { return new([100]byte) }}
	empty  sync.Pool
	keep   []any
)

type parcel struct {
	name string
	next *parcel
}

// makers are called by address: the code does not say whose result a caller gets.
var makers = []func() chan parcel{
	func() chan parcel { return make(chan parcel, 64) },
	func() chan parcel { return make(chan parcel, 65) },
}

// sendForEver waits for room in a channel that only it and the runtime's record of its waiting have.
func sendForEver(waiting chan bool) {
	parcels := makers[len(os.Args)%len(makers)]()
	for i := 0; ; i++ {
		if i == cap(parcels) {
			waiting <- true
		}
		parcels <- parcel{}
	}
}

func main() {
	for _, k := range kinds {
		for _, p := range pairs {
			p(k)
		}
	}
	c := &clock{own: &new(disguised).timer}
	for i := 0; i < nTimers; i++ {
		c.timers = append(c.timers, time.AfterFunc(time.Hour, func() {}))
	}
	for i := 0; i < nLone; i++ { // only the runtime keeps them
		time.AfterFunc(time.Hour, func() {})
	}
	clocks = append(clocks, c)
	room := new(lobby)
	room.cond = sync.NewCond(&room.mutex)
	rooms = append(rooms, room)
	waiting := make(chan bool)
	for i := 0; i < nWaiting; i++ {
		go func() {
			room.mutex.Lock()
			waiting <- true
			room.cond.Wait()
		}()
	}
	for i := 0; i < nWaiting; i++ {
		<-waiting
	}
	room.mutex.Lock() // the last one waits by now
	room.mutex.Unlock()
	go sendForEver(waiting)
	<-waiting
	pool.Put(pool.Get())
	empty.Put(new([100]byte))
	runtime.GC()
	for empty.Get() != nil { // the last one finds the victims empty
	}
	keep = append(keep, c, room)
	fmt.Println("ready", nTimers+nLone, nWaiting)
	os.Stdin.Read(make([]byte, 1))
}
