package main

import (
	"fmt"
	"reflect"
	"sort"

	"example.com/targets/frames/assembly"
)

func (n *node) Method(a, b *node, text string, w wide, more ...*node) (*node, string) {
	use(a, w.nodes[0])
	stop()
	use(n, more[1])
	return b, text
}

type sorter []*node

func (s sorter) Len() int           { return len(s) }
func (s sorter) Less(i, j int) bool { stop(); return s[i].value < s[j].value }
func (s sorter) Swap(i, j int)      {}

//go:noinline
func made(a, b *node, text string, w wide) (*node, wide) {
	f := func(in []reflect.Value) []reflect.Value {
		stop()
		return []reflect.Value{in[1], in[3]}
	}
	function := reflect.MakeFunc(reflect.TypeOf(made), f).Interface().(func(*node, *node, string, wide) (*node, wide))
	return function(a, b, text, w)
}

// registers has what it makes called with no more than registers hold. The first argument stays there.
//
//go:noinline
func registers() (*node, *node) {
	f := func(in []reflect.Value) []reflect.Value {
		n := in[1].Interface().(*node)
		stop()
		return []reflect.Value{reflect.ValueOf(n), reflect.ValueOf(waste())}
	}
	var function func(a, b *node, c int, d float64) (*node, *node)
	function = reflect.MakeFunc(reflect.TypeOf(function), f).Interface().(func(a, b *node, c int, d float64) (*node, *node))
	return function(waste(), waste(), 3, 4)
}

func startCalls() {
	start(func() { use3(waste(), waste(), ""); made(waste(), waste(), fmt.Sprint("m", 1), wide{any: waste()}) })
	start(func() { a, b := registers(); use(a, b) })
	start(func() { // a method value of package reflect's
		f := reflect.ValueOf(waste()).MethodByName("Method").Interface().(func(a, b *node, text string, w wide, more ...*node) (*node, string))
		n, text := f(waste(), waste(), fmt.Sprint("t", 2), wide{text: fmt.Sprint("w", 3)}, waste(), waste())
		use3(n, n, text)
	})
	start(func() { // called by package reflect
		in := []reflect.Value{reflect.ValueOf(waste()), reflect.ValueOf(waste()), reflect.ValueOf(fmt.Sprint("t", 4)),
			reflect.ValueOf(wide{any: waste()}), reflect.ValueOf(waste()), reflect.ValueOf(waste())}
		out := reflect.ValueOf(waste()).MethodByName("Method").Call(in)
		use(out[0].Interface().(*node))
	})
	start(func() { n := waste(); f := n.Method; f(n, waste(), fmt.Sprint("m", 5), wide{}, nil, waste()) })
	start(func() { sort.Sort(sorter{waste(), waste()}) })
	start(func() { // assembly that has arguments and calls Go
		n := waste()
		assembly.Stop = stop
		p := assembly.Call((*assembly.Thing)(nil), &assembly.Thing{Next: &assembly.Thing{}}, fmt.Sprint("a", 6))
		use(n)
		p.Next = nil
	})
}
