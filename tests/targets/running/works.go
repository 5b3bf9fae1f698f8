package main

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sort"
	"syscall"
	"time"
	"unsafe"
)

func address(p *thing) uintptr { return uintptr(unsafe.Pointer(p)) }

// works are the ways to spin, by the names of their functions. In most of them an object travels: one
// word alone leads to it, which is now in a register, now in an argument, a local or the heap.
var works = map[string]func(*tale){
	"spinRegister": spinRegister, "spinCalls": spinCalls, "spinMany": spinMany,
	"spinMalloc": spinMalloc, "spinLarge": spinLarge, "spinMap": spinMap, "spinText": spinText,
	"spinCopy": spinCopy, "spinAppend": spinAppend, "spinDeep": spinDeep, "spinDefer": spinDefer,
	"spinPanic": spinPanic, "spinFault": spinFault, "spinSystem": spinSystem, "spinClock": spinClock,
	"spinYield": spinYield, "spinPrint": spinPrint, "spinMade": spinMade, "spinMethod": spinMethod,
	"spinBoxed": spinBoxed, "spinSort": spinSort, "spinFloat": spinFloat, "spinNew": spinNew,
}

// pairs are those of two goroutines that hand an object to each other.
var pairs = map[string]func(*tale, chan *thing, bool){
	"spinChannel": spinChannel, "spinSelect": spinSelect,
}

// spinRegister has it in a register alone for most of the time.
//
//go:noinline
func spinRegister(t *tale) {
	t.box = t.make("register")
	t.spin()
	for {
		p := t.box
		t.box = nil
		for i := 0; i < 2000; i++ {
			p.count += uint64(i) & 3
		}
		t.box = p
	}
}

//go:noinline
func pass(p *thing) *thing { return p }

//go:noinline
func passOn(p *thing, n int) *thing {
	if n == 0 {
		return pass(p)
	}
	return passOn(p, n-1)
}

// spinCalls goes through prologues and epilogues.
//
//go:noinline
func spinCalls(t *tale) {
	p := t.make("argument and result")
	t.spin()
	for {
		p = passOn(pass(p), 3)
	}
}

//go:noinline
func turn(a, b, c, d, e, f, g, h, i, j, k, l *thing) (_, _, _, _, _, _, _, _, _, _, _, _ *thing) {
	return b, c, d, e, f, g, h, i, j, k, l, a
}

// spinMany has more than registers can hold.
//
//go:noinline
func spinMany(t *tale) {
	var p [12]*thing
	for i := range p {
		p[i] = t.make(fmt.Sprint("turning ", i))
	}
	a, b, c, d, e, f, g, h, i, j, k, l := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11]
	p = [12]*thing{}
	t.spin()
	for {
		a, b, c, d, e, f, g, h, i, j, k, l = turn(a, b, c, d, e, f, g, h, i, j, k, l)
	}
}

//go:noinline
func passNew(p *thing) *thing {
	q := &thing{next: p}
	return pass(q).next
}

// spinMalloc allocates small objects, with pointers and without.
//
//go:noinline
func spinMalloc(t *tale) {
	p := t.make("passed beside allocations")
	t.spin()
	for {
		p = passNew(p)
		p.count += uint64(len(bytesOf(20)))
	}
}

//go:noinline
func bytesOf(n int) []byte { return make([]byte, n) }

//go:noinline
func passLarge(p *thing, n int) *thing {
	many := make([]*thing, n)
	many[n/2], p = p, nil
	return many[n/2]
}

// spinLarge allocates what is in no size class.
//
//go:noinline
func spinLarge(t *tale) {
	p := t.make("in a large object")
	t.spin()
	for {
		p = passLarge(p, 5000)
	}
}

// spinMap lets a growing map have it alone.
//
//go:noinline
func spinMap(t *tale) {
	p := t.make("in a growing map")
	t.spin()
	for {
		m := map[int]*thing{7: p}
		p = nil
		for i := 100; i < 400; i++ {
			m[i] = nil
		}
		p = m[7]
		delete(m, 7)
	}
}

// spinText has it as the value of a map with text for keys.
//
//go:noinline
func spinText(t *tale) {
	p := t.make("in a map by text")
	m := map[string][3]*thing{}
	t.spin()
	for i := 0; ; i++ {
		key := fmt.Sprint("key ", i%100)
		m[key] = [3]*thing{1: p}
		p = nil
		value := m[key]
		m[key] = [3]*thing{}
		p = value[1]
	}
}

// spinCopy has it in one of two arrays.
//
//go:noinline
func spinCopy(t *tale) {
	a, b := make([]*thing, 3000), make([]*thing, 3000)
	a[2000] = t.make("in a copied array")
	t.spin()
	for {
		copy(b, a)
		for i := range a {
			a[i] = nil
		}
		a, b = b, a
	}
}

// spinAppend has it in a slice that grows.
//
//go:noinline
func spinAppend(t *tale) {
	p := t.make("in a growing slice")
	t.spin()
	for {
		s := []*thing{p}
		p = nil
		for i := 0; i < 500; i++ {
			s = append(s, nil)
		}
		p = s[0]
	}
}

//go:noinline
func dive(p *thing, n int) *thing {
	var frame [20]*thing
	frame[n%20], p = p, nil
	place := &frame[n%20]
	if n > 0 {
		*place = dive(*place, n-1)
	}
	return *place
}

// spinDeep makes the stack grow; collections make it shrink.
//
//go:noinline
func spinDeep(t *tale) {
	p := t.make("on a moving stack")
	t.spin()
	for i := 0; ; i++ {
		p = dive(p, 20+i%7*40)
		for k := 0; k < 30000; k++ {
			p.count += uint64(k)
		}
	}
}

//go:noinline
func deferring(p *thing) (result *thing) {
	defer func() { result = p }()
	for i := 0; i < 3; i++ {
		defer func(q *thing) { q.count++ }(p)
	}
	return nil
}

// spinDefer has deferred calls of both kinds.
//
//go:noinline
func spinDefer(t *tale) {
	p := t.make("in deferred calls")
	t.spin()
	for {
		p = deferring(p)
	}
}

type trouble struct{ p *thing }

//go:noinline
func panicking(p *thing) (result *thing) {
	defer func() {
		defer func() { result = recover().(trouble).p }()
		panic(recover())
	}()
	panic(trouble{p})
}

// spinPanic panics with it, twice.
//
//go:noinline
func spinPanic(t *tale) {
	p := t.make("in a panic")
	t.spin()
	for {
		p = panicking(p)
	}
}

//go:noinline
func faulting(p, none *thing) (result *thing) {
	defer func() {
		var e runtime.Error
		if errors.As(recover().(error), &e) {
			result = p
		}
	}()
	return none.next
}

// spinFault follows nil pointers.
//
//go:noinline
func spinFault(t *tale) {
	p := t.make("beside a fault")
	t.spin()
	for {
		p = faulting(p, nil)
	}
}

//go:noinline
func passSystem(p *thing, fd int, b []byte) *thing {
	syscall.Read(fd, b)
	syscall.Getpid()
	return p
}

// spinSystem calls the kernel.
//
//go:noinline
func spinSystem(t *tale) {
	p := t.make("beside system calls")
	fd, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
	if err != nil {
		panic(err)
	}
	b := make([]byte, 10000)
	t.spin()
	for {
		p = passSystem(p, fd, b)
	}
}

//go:noinline
func passClock(p *thing) *thing {
	p.count += uint64(time.Now().Nanosecond())
	return p
}

// spinClock reads the clock, which code of the kernel's does on the thread's stack.
//
//go:noinline
func spinClock(t *tale) {
	p := t.make("beside clocks")
	t.spin()
	for {
		p = passClock(p)
	}
}

//go:noinline
func passYield(p *thing) *thing {
	runtime.Gosched()
	return p
}

// spinYield goes through the scheduler.
//
//go:noinline
func spinYield(t *tale) {
	p := t.make("beside the scheduler")
	t.spin()
	for {
		p = passYield(p)
	}
}

func (p *thing) String() string { return fmt.Sprint(p.count) }

//go:noinline
func passPrint(p *thing) *thing {
	fmt.Sprintf("%v %s %v", p, p, p.next)
	return p
}

// spinPrint formats.
//
//go:noinline
func spinPrint(t *tale) {
	p := t.make("formatted")
	t.spin()
	for {
		p = passPrint(p)
	}
}

// spinMade calls what package reflect made.
//
//go:noinline
func spinMade(t *tale) {
	p := t.make("through reflect.MakeFunc")
	swap := func(in []reflect.Value) []reflect.Value { return []reflect.Value{in[1], in[0]} }
	var f func(*thing, int) (int, *thing)
	f = reflect.MakeFunc(reflect.TypeOf(f), swap).Interface().(func(*thing, int) (int, *thing))
	t.spin()
	for {
		_, p = f(p, 1)
	}
}

func (p *thing) Pass(q *thing, _ ...int) *thing { return q }

// spinMethod calls a method value of package reflect's.
//
//go:noinline
func spinMethod(t *tale) {
	p, receiver := t.make("through a method value"), t.make("receiver")
	f := reflect.ValueOf(receiver).Method(0).Interface().(func(*thing, ...int) *thing)
	t.spin()
	for {
		p = f(p, 1, 2)
	}
}

//go:noinline
func passBoxed(p interface{}) interface{} {
	switch v := p.(type) {
	case *thing:
		return trouble{v}
	case trouble:
		return [2]*thing{nil, v.p}
	case [2]*thing:
		return v[1]
	}
	return nil
}

// spinBoxed boxes it.
//
//go:noinline
func spinBoxed(t *tale) {
	var p interface{} = t.make("boxed")
	t.spin()
	for {
		p = passBoxed(p)
	}
}

type byCount []*thing

func (s byCount) Len() int           { return len(s) }
func (s byCount) Less(i, j int) bool { return s[i].count < s[j].count }
func (s byCount) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// spinSort sorts.
//
//go:noinline
func spinSort(t *tale) {
	things := make(byCount, 20)
	for i := range things {
		things[i] = t.make(fmt.Sprint("sorted ", i))
	}
	t.spin()
	for {
		for i, p := range things {
			p.count = uint64(i) * 7919 % 20
		}
		sort.Sort(things)
	}
}

// spinFloat has it in a register beside others of floating point, with no call.
//
//go:noinline
func spinFloat(t *tale) {
	t.box = t.make("beside floating point")
	x := 1.0
	t.spin()
	for {
		p := t.box
		t.box = nil
		for i := 0; i < 1000; i++ {
			x = x*1.0000001 + float64(p.count)
			p.count = uint64(x) & 7
		}
		t.box = p
	}
}

// spinNew starts goroutines, with it as an argument, and waits for them.
//
//go:noinline
func spinNew(t *tale) {
	p := fresh()
	t.tell('B', p, "argument of new goroutines")
	ch := make(chan *thing)
	t.spin()
	for {
		go func(q *thing) { ch <- q }(p)
		p = nil
		p = <-ch
	}
}

//go:noinline
func spinChannel(t *tale, ch chan *thing, first bool) {
	var p *thing
	if first {
		p = fresh()
		t.tell('B', p, "through a channel")
	}
	t.spin()
	for {
		if first {
			ch <- p
			p = <-ch
		} else {
			p = <-ch
			ch <- p
		}
	}
}

//go:noinline
func spinSelect(t *tale, ch chan *thing, first bool) {
	var p *thing
	var none chan int
	if first {
		p = fresh()
		t.tell('B', p, "through a select")
	}
	t.spin()
	for {
		if p != nil {
			select {
			case ch <- p:
				p = nil
			case <-none:
			}
		} else {
			select {
			case p = <-ch:
			case <-none:
			}
		}
	}
}
