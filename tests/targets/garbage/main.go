// Live objects and garbage of every kind side by side, with the collector off. What goretain says
// of each is compared with what a collection then really keeps.
//
//	garbage DUMPFILE    prints "ready", waits for a line, collects, dumps, prints its counters, waits
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"example.com/targets/quiet"
)

type node struct {
	left, right *node
	value       int
	payload     interface{}
}

type wide struct {
	pad   [100]int
	nodes [10]*node
}

var (
	list      *node
	byName    = map[string]*node{}
	anything  = map[interface{}]interface{}{}
	functions []func() int
	slices    [][]*node
	channel   = make(chan *node, 1000)
	texts     []string
	tiny      []*int8
	holes     []*wide
	boxes     []interface{}
	inner     []*[2]int
	syncMap   sync.Map
	contexts  []context.Context
	never     = make(chan int)
	parked    sync.WaitGroup
)

// make makes one thing of each kind; odd ones are dropped at once.
func makeOne(i int) {
	n := &node{value: i, payload: fmt.Sprint("payload ", i)}
	ring := &node{left: n, payload: &wide{}}
	ring.right = &node{left: ring, right: ring, payload: map[string]interface{}{"i": i, "n": &node{}}}
	list = &node{left: list, value: i}
	byName[fmt.Sprint("name ", i)] = ring
	anything[i] = [3]string{fmt.Sprint(i), "b", "c"}
	anything[fmt.Sprint(i)] = func() int { return n.value }
	functions = append(functions, func() int { return n.value + i })
	slices = append(slices, []*node{n, {value: i}, {left: ring}})
	texts = append(texts, fmt.Sprint("a text of some length: ", i)[10:])
	p := new(int8)
	*p = int8(i)
	tiny = append(tiny, p)
	holes = append(holes, &wide{nodes: [10]*node{3: {value: i}}})
	boxes = append(boxes, i+1000, float64(i), fmt.Sprint(i), struct{ n *node }{n}, make([]byte, i*37%9000))
	pairs := new([4][2]int) // held by a pointer into its middle
	inner = append(inner, &pairs[i%4])
	syncMap.Store(i, &node{value: i})
	contexts = append(contexts, context.WithValue(context.Background(), i, &node{value: i}))
	if len(channel) < cap(channel) {
		channel <- &node{value: i}
	}
}

// drop lets go of what stands at odd places.
func drop(i int) {
	delete(byName, fmt.Sprint("name ", i))
	delete(anything, i)
	delete(anything, fmt.Sprint(i))
	functions[i], slices[i], texts[i], tiny[i], holes[i], inner[i], contexts[i] = nil, nil, "", nil, nil, nil, nil
	boxes[5*i], boxes[5*i+1], boxes[5*i+2], boxes[5*i+3], boxes[5*i+4] = nil, nil, nil, nil, nil
	syncMap.Delete(i)
}

// worker keeps one node in a frame until it waits and another one while it waits.
func worker(i int) {
	before, during := &node{value: i}, &node{value: -i, left: &node{}}
	use(before)
	parked.Done()
	<-never
	use(during)
}

// outer keeps a node that only an address-taken local of its frame refers to.
//
//go:noinline
func outer(depth int) {
	var locals [3]*node
	locals[depth%3] = &node{value: depth, payload: &wide{}}
	slot := &locals[depth%3]
	if depth > 0 {
		outer(depth - 1)
	} else {
		parked.Done()
		<-never
	}
	use(*slot)
}

//go:noinline
func use(n *node) {
	if n == nil {
		panic("nil")
	}
}

func startWorkers() {
	for i := 0; i < 50; i++ {
		parked.Add(1)
		go worker(i)
	}
	parked.Add(1)
	go outer(60)
	parked.Wait()
}

// fill makes everything, in a frame of its own so that nothing of it stays on main's stack.
//
//go:noinline
func fill(n int) {
	for i := 0; i < n; i++ {
		makeOne(i)
	}
	for i := 1; i < n; i += 2 {
		drop(i)
	}
	for i := 0; list != nil && i < n/2; i++ {
		list = list.left
	}
	for i := 0; i < 300; i++ {
		<-channel
	}
	slices[2] = slices[2][1:] // the array stays whole, its first node included
	slices[4] = append([]*node(nil), slices[4][:1]...)
	texts[6] = texts[6][3:]
}

//go:noinline
func collect() {
	runtime.GC()
	quiet.Dump()
}

func main() {
	startWorkers()
	quiet.Prepare()
	fill(3000)
	fillPlugin()
	quiet.Say("ready")
	quiet.Wait()
	collect()
	quiet.Wait()
}
