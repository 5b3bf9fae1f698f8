package main

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
)

// node is the ordinary small object: pointers, scalars, a string and an interface.
type node struct {
	left, right *node
	value       int
	name        string
	any         interface{}
}

// wide has pointers and more than 512 bytes: its pointer mask is in a header from Go 1.22 on.
type wide struct {
	pad   [100]int
	first *node
	names []string
	slots [20]*int
}

// large is above 32 kB and has a span of its own.
type large struct {
	pad   [5000]int
	nodes [100]*node
	tail  [33]byte
}

type pair struct {
	key   string
	value *node
}

// scattered has pointers in an irregular pattern, so that a mask shifted by a word is noticed.
type scattered struct {
	a    byte
	b    *int
	c, d uint64
	e    []int
	f    [3]struct {
		g uint16
		h *string
		i [2]uint32
	}
	j func()
	k chan int
	l map[int]int
	m complex128
	n interface{}
}

type stringer string

func (s stringer) String() string { return string(s) }

//go:noinline
func tree(depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{tree(depth - 1), tree(depth - 1), depth, fmt.Sprint("n", depth), depth * 1000}
}

var (
	globalTree    *node
	globalWide    = &wide{names: []string{"a", "b"}}
	globalStruct  scattered
	globalArray   [40]*node
	globalBytes   []byte
	globalText    = strings.Repeat("text ", 20)
	globalList    *node
	globalClosure func(int) int
	globalTiny    []*int8
)

func makeValues() {
	globalTree = tree(10)
	for i := range globalArray {
		globalArray[i] = &node{value: i, left: globalTree}
	}
	globalBytes = []byte(strings.Repeat("bytes", 100))
	makeLists()
	makeSizes()
	makeBoxes()
	makeClosures()
	makeArrays()
}

func makeLists() {
	for i := 0; i < 20000; i++ { // deep: nothing may recurse along it
		globalList = &node{left: globalList, value: i}
	}
	ring := &node{name: "ring"}
	last := ring
	for i := 0; i < 100; i++ {
		last.right = &node{left: last, value: i}
		last = last.right
	}
	last.right, ring.left = ring, last
	keep(ring)
}

// makeSizes has slices of bytes, of pointers and of structs around each limit of a size class.
func makeSizes() {
	for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 24, 48, 100, 128, 504, 511, 512, 513, 520, 1024,
		2048, 5000, 8192, 9000, 32752, 32760, 32761, 32768, 32769, 40800, 100000, 1 << 20} {
		pointers := make([]*node, n/8)
		for i := range pointers {
			if i%3 == 0 {
				pointers[i] = globalTree
			}
		}
		keep(make([]byte, n), pointers, make([]string, n/16), make([]pair, n/24), make([]wide, n/1000))
	}
	for i := 0; i < 300; i++ { // many of one kind, so that spans fill
		keep(&scattered{b: new(int), e: make([]int, i%9), n: i})
		keep(&wide{first: globalTree, names: make([]string, i%5)})
	}
	for i := 0; i < 3; i++ {
		l := &large{}
		l.nodes[i] = globalTree
		l.nodes[99] = globalList
		keep(l)
	}
}

func makeBoxes() {
	text := "boxed"
	keep(1, 300, 1<<40, 3.14, text, stringer("z"), [2]int{1, 2}, struct{ a *node }{globalTree}, byte(7), true,
		[]int{1}, map[int]int{1: 2}, complex(1, 2), errors.New("e"), fmt.Errorf("wrapped: %w", errors.New("x")),
		struct{}{}, [0]int{}, &[0]int{}, [3]string{"a", "b", "c"}, globalStruct, reflect.TypeOf(0),
		reflect.ValueOf(globalTree), big.NewInt(1).Lsh(big.NewInt(1), 1000), fmt.Stringer(stringer("s")))
	for i := 0; i < 200; i++ { // boxed numbers that share tiny blocks
		keep(int8(i), int16(i+1000), int32(i+100000), float32(i), fmt.Sprint(i))
	}
	for i := 0; i < 100; i++ {
		p := new(int8)
		*p = int8(i)
		globalTiny = append(globalTiny, p)
	}
}

func (n *node) add(i int) int { return n.value + i }

func makeClosures() {
	count, name, values := 3, "four", map[string]interface{}{"a": 1, "b": []int{2}}
	globalClosure = func(i int) int { count++; return count + len(name) + i }
	keep(func() interface{} { return values["a"] }, globalTree.add, (*node).add, stringer("m").String)
	for i := 0; i < 20; i++ {
		n := &node{value: i}
		keep(func() *node { n.value++; return n })
	}
}

func makeArrays() {
	pairs := make([]pair, 700)
	pairs[5].value = globalTree
	big := new([3000]pair) // its mask is a program up to Go 1.23, made on demand after
	big[1000].value = globalTree
	big[2999].key = globalText
	nested := new([8][9]scattered)
	nested[7][8].b = new(int)
	made := reflect.StructOf([]reflect.StructField{
		{Name: "X", Type: reflect.TypeOf(globalTree)},
		{Name: "Y", Type: reflect.TypeOf(0)},
		{Name: "Z", Type: reflect.TypeOf([100]string{})},
	})
	keep(pairs, pairs[3:9], big, nested, reflect.New(made).Interface(),
		reflect.New(reflect.ArrayOf(500, reflect.TypeOf(pair{}))).Interface(),
		&globalArray[7], &big[1500], big[10:20])
}

// makeGarbage leaves objects that nothing refers to: they are allocated as far as the dump and
// goretain are concerned. It runs when the collector is off.
//
//go:noinline
func makeGarbage() {
	var list *node
	for i := 0; i < 500; i++ {
		list = &node{left: list, value: i, any: &wide{first: globalTree}}
	}
	garbage = list
	garbage = nil
}

var garbage *node
