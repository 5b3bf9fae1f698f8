package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"sort"
	"sync"
	"syscall"
	"time"
)

// start runs f in a goroutine of its own; f says parked.Done() right before it waits for ever.
func start(f func()) {
	parked.Add(1)
	go f()
}

var never = make(chan int)

// use keeps what it is given alive to the end of the caller, and stops it from being optimised.
//
//go:noinline
func use(values ...interface{}) {
	if len(values) > 1000 {
		kept = values
	}
}

//go:noinline
func stop() {
	parked.Done()
	<-never
}

func makeGoroutines() {
	startChannels()
	startLocks()
	startSystem()
	startStacks()
	startDefers()
	startIndirect()
}

func startChannels() {
	for i := 0; i < 3; i++ { // several wait on one channel
		n := &node{value: i}
		ch := make(chan *node)
		full := make(chan node, 1)
		full <- *n
		start(func() { parked.Done(); ch <- n; use(n) })
		start(func() { parked.Done(); full <- *n; use(n) })
		start(func() { parked.Done(); m := <-ch; use(m, n) })
		start(func() { parked.Done(); var none chan *node; none <- n })
		start(func() {
			parked.Done()
			for v := range channelOf(n) {
				use(v, n)
			}
		})
	}
	start(func() { parked.Done(); select {} })
	start(func() {
		a, b, c := make(chan int), make(chan *node), make(chan string)
		n, s := &node{name: "select"}, fmt.Sprint("sent ", len(kept))
		parked.Done()
		select {
		case v := <-a:
			use(v)
		case b <- n:
		case c <- s:
		case <-never:
		case m, ok := <-b:
			use(m, ok)
		}
		use(n, s)
	})
	start(func() {
		child, stop := context.WithCancel(shared)
		defer stop()
		parked.Done()
		<-child.Done()
	})
}

func channelOf(n *node) chan *node { return make(chan *node, 1) }

func startLocks() {
	mutex, readers, once := new(sync.Mutex), new(sync.RWMutex), new(sync.Once)
	mutex.Lock()
	readers.Lock()
	group, condition := new(sync.WaitGroup), sync.NewCond(new(sync.Mutex))
	group.Add(1)
	for i := 0; i < 3; i++ {
		n := &node{value: i}
		start(func() { parked.Done(); mutex.Lock(); use(n) })
		start(func() { parked.Done(); readers.RLock(); use(n) })
		start(func() { parked.Done(); readers.Lock(); use(n) })
		start(func() { parked.Done(); group.Wait(); use(n) })
		start(func() { condition.L.Lock(); parked.Done(); condition.Wait(); use(n) })
		start(func() { parked.Done(); time.Sleep(100 * time.Hour); use(n) })
	}
	start(func() { once.Do(func() { stop(); use(once) }) })
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return listener
}

func startSystem() {
	lonely, busy := listen(), listen() // nobody calls the one, nobody answers on the other
	start(func() { parked.Done(); c, err := lonely.Accept(); use(c, err) })
	client, err := net.Dial("tcp", busy.Addr().String())
	if err != nil {
		panic(err)
	}
	keep(busy)
	start(func() {
		var buffer [100]byte
		parked.Done()
		n, err := client.Read(buffer[:])
		use(n, err, buffer[:])
	})
	reader, writer, _ := os.Pipe()
	keep(writer)
	start(func() { b := make([]byte, 10); parked.Done(); reader.Read(b); use(b) })
	start(func() { // a real, blocking system call
		var ends [2]int
		if err := syscall.Pipe(ends[:]); err != nil {
			panic(err)
		}
		b := make([]byte, 10)
		parked.Done()
		n, err := syscall.Read(ends[0], b)
		use(n, err, b)
	})
	start(func() { runtime.LockOSThread(); stop() })
	start(func() {
		pprof.Do(context.Background(), pprof.Labels("request", "42", "user", "alice"), func(context.Context) { stop() })
	})
}

// deep keeps pointers in locals whose address is taken at every level: stack objects.
//
//go:noinline
func deep(depth int, above **node) {
	local := &node{value: depth}
	var array [4]*node
	array[depth%4] = local
	taken := &array
	if depth == 0 {
		stop()
	} else {
		deep(depth-1, &taken[depth%4])
	}
	use(local, (*above).value, array[0])
}

// manyArguments spills to the stack what registers cannot hold.
//
//go:noinline
func manyArguments(a, b, c *node, d string, e []int, f, g, h, i interface{}, j scattered, k ...*node) (r *node, s string) {
	defer func() { s = d }()
	stop()
	use(a, b, c, d, e, f, g, h, i, j, k)
	return k[0], d
}

//go:noinline
func bigFrame(n *node) {
	var nodes [300]*node
	var pairs [50]pair
	for i := range nodes {
		if i%7 == 0 {
			nodes[i] = &node{value: i, left: n}
		}
	}
	pairs[20] = pair{fmt.Sprint("local ", n.value), n}
	stop()
	for i := range nodes {
		use(nodes[i])
	}
	use(pairs[20].key, pairs[20].value)
}

func startStacks() {
	start(func() { n := &node{}; deep(300, &n) })
	start(func() { bigFrame(globalTree) })
	start(func() {
		n := &node{name: "argument"}
		manyArguments(n, n.left, globalTree, fmt.Sprint("d"), make([]int, 3), 1, "g", n, nil, globalStruct, n, globalTree)
	})
	start(func() {
		for key, value := range mapLarge { // the iterator is on the stack
			stop()
			use(key, value)
		}
	})
	start(func() {
		for key, value := range map[int]*node{1: globalTree, 2: nil} {
			stop()
			use(key, value)
		}
	})
	start(func() {
		text := fmt.Sprint("a string ", len(kept))
		for _, letter := range text {
			stop()
			use(letter, text)
		}
	})
	start(func() {
		var any interface{} = &node{name: "switch"}
		switch v := any.(type) {
		case *node:
			stop()
			use(v.name)
		}
	})
}

func startDefers() {
	start(func() { // defers made in a loop are on a list
		n := &node{}
		for i := 0; i < 3; i++ {
			m := &node{value: i}
			defer func() { n.value += m.value }()
		}
		defer func() { n.value-- }()
		stop()
	})
	start(func() { // waiting in a deferred call of an ordinary return
		n := &node{name: "deferred"}
		defer func() { stop(); use(n) }()
		use(n)
	})
	start(func() { // waiting while a panic unwinds
		n := &node{name: "panicking"}
		defer func() { stop(); use(n, recover()) }()
		panic(n)
	})
	start(func() { // waiting after a recovered panic
		func() {
			n := &node{name: "recovered"}
			defer func() { use(recover()) }()
			panic(fmt.Errorf("panic with %v", n.value))
		}()
		n := &node{name: "after"}
		stop()
		use(n)
	})
	start(func() { // a panic inside a deferred call of a panic
		defer func() { stop(); use(recover()) }()
		defer func() { panic("second") }()
		var none *node
		use(none.name)
	})
	start(func() { // waiting while Goexit unwinds
		n := &node{name: "exiting"}
		defer func() { stop(); use(n) }()
		runtime.Goexit()
	})
}

type sorter []*node

func (s sorter) Len() int           { return len(s) }
func (s sorter) Less(i, j int) bool { stop(); return s[i].value < s[j].value }
func (s sorter) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

func (n *node) wait(i int, text string) string { stop(); return text + n.name }

type waiter interface{ wait(int, string) string }

func startIndirect() {
	start(func() { sort.Sort(sorter{{value: 2}, {value: 1}}) })
	start(func() { n := &node{name: "method"}; f := n.wait; use(f(1, fmt.Sprint("t"))) })
	start(func() { var w waiter = &node{name: "interface"}; use(w.wait(1, fmt.Sprint("t"))) })
	start(func() {
		n := &node{name: "reflected"}
		reflect.ValueOf(n.wait).Call([]reflect.Value{reflect.ValueOf(1), reflect.ValueOf(fmt.Sprint("r"))})
	})
	start(func() {
		method := reflect.ValueOf(&node{name: "by name"}).Type()
		made := reflect.MakeFunc(reflect.TypeOf(func(*node, string) *node { return nil }),
			func(in []reflect.Value) []reflect.Value { stop(); use(method); return in[:1] })
		f := made.Interface().(func(*node, string) *node)
		use(f(&node{name: "made"}, fmt.Sprint("argument")))
	})
	start(func() { go func() { time.Sleep(time.Hour) }(); generic(&node{name: "generic"}, fmt.Sprint("g")) })
}

//go:noinline
func generic[A, B any](a A, b B) (A, B) {
	values := map[string]A{"a": a}
	stop()
	use(values, b)
	return a, b
}
