// What changes the heap: one function a way of doing it, called again and again.
package main

import (
	"math/rand"
	"runtime"
	"strconv"
	"sync"
)

// node is the ordinary small object, wide has its mask in a header from Go 1.22 on, large a span of its
// own, and plain no pointers at all.
type node struct {
	serial
	next, other *node
	any         interface{}
	text        string
}

type wide struct {
	serial
	pad   [70]int
	nodes [30]*node
}

type large struct {
	serial
	nodes [5000]*node
}

type plain struct {
	serial
	pad [5]uint64
}

func newNode(next *node) *node {
	n := &node{next: next}
	n.give()
	return n
}

//go:noinline
func newPlain() *plain {
	p := new(plain)
	p.give()
	return p
}

//go:noinline
func newWide(n *node) *wide {
	w := new(wide)
	w.give()
	w.nodes[0], w.nodes[29] = n, newNode(n)
	return w
}

//go:noinline
func newLarge(n *node) *large {
	l := new(large)
	l.give()
	l.nodes[7], l.nodes[4999] = n, newNode(n)
	return l
}

var (
	list    *node
	widest  *wide
	largest *large
	grown   *grower
	turning = map[int]*node{}
	anyMap  = map[interface{}]interface{}{}
	shared  sync.Map
	pool    = sync.Pool{New: func() interface{} { return newWide(nil) }}
	queue   = make(chan *node, 16)
	slices  [8][]*node
	boxed   [64]interface{}
	final   *node
	table   [4000]*node
)

// lists builds one list from its head and one, on the stack alone until it is done, at its tail.
func lists(random *rand.Rand) {
	list = nil
	first := newNode(nil)
	tail := first
	for i := 0; i < 300; i++ {
		list = newNode(list)
		tail.next = newNode(nil)
		tail = tail.next
		tail.any = newPlain()
		if i%100 == 50 {
			checkpoint()
		}
	}
	list.other = first
}

func sizes(random *rand.Rand) {
	w := newWide(newNode(nil))
	for i := 1; i < 20; i++ {
		w.nodes[i] = newNode(w.nodes[i-1])
	}
	widest = w
	if random.Intn(8) == 0 {
		largest = newLarge(w.nodes[3])
	}
	fromPool := pool.Get().(*wide)
	checkpoint()
	fromPool.nodes[random.Intn(30)] = newNode(nil)
	pool.Put(fromPool)
}

// replace has objects live for as long as chance lets them.
func replace(random *rand.Rand) {
	for i := 0; i < 100; i++ {
		n := newNode(newNode(nil))
		n.other = table[random.Intn(len(table))]
		if n.other != nil {
			n.other = n.other.next
		}
		table[random.Intn(len(table))] = n
	}
}

type growKey int

// grower's map has the keys below n, or one more: it is in the map before it is counted. Old ones are
// left as they are.
type grower struct {
	n    int
	keys map[growKey]*node
	old  *grower
}

func growMap(random *rand.Rand) {
	g := &grower{keys: map[growKey]*node{}}
	if grown != nil {
		grown.old = nil
		g.old = grown
	}
	grown = g
	for size := 1 << random.Intn(13); g.n < size; {
		g.keys[growKey(g.n)] = newNode(nil)
		g.n++
		if g.n%256 == 0 {
			checkpoint()
		}
	}
}

// churnMaps takes out and puts back: tombstones, tables of the same size, boxed keys and values.
func churnMaps(random *rand.Rand) {
	if random.Intn(16) == 0 {
		anyMap = map[interface{}]interface{}{}
	}
	for i := 0; i < 200; i++ {
		k := random.Intn(1000)
		delete(turning, k)
		turning[k] = newNode(turning[random.Intn(1000)])
		turning[k].next = nil
		anyMap[strconv.Itoa(k)] = newNode(nil)
		anyMap[newNode(nil)] = k
		delete(anyMap, strconv.Itoa(random.Intn(1000)))
		shared.Store(random.Intn(500), newNode(nil))
		shared.Delete(random.Intn(500))
	}
}

// handOn sends objects that nothing else holds; the receiver puts them where the sender would not.
func handOn(random *rand.Rand) {
	select {
	case queue <- newNode(newNode(nil)):
	case n := <-queue:
		n.other = newNode(nil)
		list = n
	}
	select {
	case n := <-queue:
		boxed[random.Intn(64)] = n
	default:
	}
}

// spawn has goroutines that end at once, with stacks that grow.
func spawn(random *rand.Rand) {
	done := make(chan *node)
	for i := 0; i < 10; i++ {
		depth := random.Intn(200)
		go func() {
			gate.RLock()
			n := deep(depth, newNode(nil))
			gate.RUnlock()
			done <- n
		}()
	}
	for i := 0; i < 10; i++ {
		gate.RUnlock()
		n := <-done
		gate.RLock()
		list = n
	}
}

//go:noinline
func deep(depth int, n *node) *node {
	local := [2]*node{n, newNode(nil)} // its address is taken: a stack object
	taken := &local
	defer func() { runtime.KeepAlive(taken[1]) }()
	if depth > 0 {
		n = deep(depth-1, taken[depth%2])
	} else {
		checkpoint()
	}
	taken[0].other = n
	if n == taken[0] {
		taken[0].other = nil
	}
	return taken[1]
}

func extend(random *rand.Rand) {
	i := random.Intn(len(slices))
	if random.Intn(20) == 0 {
		slices[i] = nil
	}
	for k := 0; k < 200; k++ {
		slices[i] = append(slices[i], newNode(nil))
	}
	if len(slices[i]) > 2000 {
		slices[i] = append([]*node(nil), slices[i][1500:]...)
	}
}

func boxes(random *rand.Rand) {
	for i := range boxed {
		n := newNode(nil)
		switch random.Intn(4) {
		case 0:
			boxed[i] = n
		case 1:
			boxed[i] = func() *node { return n }
		case 2:
			boxed[i] = [2]interface{}{n, strconv.Itoa(i)}
		case 3:
			boxed[i] = &n
		}
	}
}

// finalized has no serial number: the collection that finds it dead keeps it for its finalizer, which is
// not what is asked of the numbered ones.
type finalized struct {
	n   *node
	pad [8]int
}

func finalize(random *rand.Rand) {
	for i := 0; i < 20; i++ {
		runtime.SetFinalizer(&finalized{n: newNode(nil)}, func(f *finalized) {
			gate.RLock()
			final = f.n
			gate.RUnlock()
		})
	}
	runtime.Gosched()
}
