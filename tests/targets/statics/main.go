// Static data that never meets an interface: of most types here the program has no descriptor. Each of the
// variables below, or what it points to, holds a number of leaves that nothing else does.
//
// Prints a line for each, "holds NAME COUNT TYPE": the expression that leads to the variable, how many leaves it
// holds and of which type it is; "empty NAME (TYPE) is VALUE" for one that holds nothing; "leads NAME NAME..." for
// one that only leads to others, the largest first; then "ready", and waits.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

// leaf is what is counted: a value that only one of the variables leads to.
type leaf struct {
	key  string
	next *leaf
	buf  []byte
}

// shelf shares what it holds between its fields.
type shelf struct {
	n    int
	m    map[string]*leaf
	head *leaf
}

type box[V any] struct {
	n    int
	m    map[string]V
	head V
}

type pair[K comparable, V any] struct {
	key K
	val V
}

// cabinet has all kinds of fields.
type cabinet struct {
	name    string
	inner   *shelf
	drawers [2]shelf
	rows    []row
	queue   chan *leaf
	visit   func() *leaf
	any     interface{}
	named   table[int]
	wide    map[[20]int]pair[string, *leaf]
	none    map[string]cabinet
}

type row struct {
	id    uint8
	leafs []*leaf
	more  *row
}

type table[K comparable] map[K]*leaf

type visitor interface{ first() *leaf }

func (s *shelf) first() *leaf { return s.head }

var (
	Pointer              = &shelf{m: map[string]*leaf{}}
	Generic              = &box[*leaf]{m: map[string]*leaf{}}
	Value                = shelf{m: map[string]*leaf{}}
	ValueGeneric         = box[*leaf]{m: map[string]*leaf{}}
	Table                = []*shelf{{n: 1, m: map[string]*leaf{}}, {n: 2, m: map[string]*leaf{}}}
	Array                = [3]*box[*leaf]{1: {n: 1}, 2: {n: 2}}
	Rows                 = []row{{id: 1}, {id: 2, more: &row{id: 3}}}
	Boxed        visitor = &shelf{m: map[string]*leaf{}}
	Large                = &cabinet{name: "large", inner: &shelf{}, named: table[int]{}}
	Pair                 = &pair[string, *box[*leaf]]{key: "pair", val: &box[*leaf]{}}
	nested               = struct{ in *struct{ head *leaf } }{in: &struct{ head *leaf }{}}
	nilMap       map[string]cabinet
	nilPointer   *cabinet
	number       = 42
	unused       cabinet
)

var made int

func newLeaf() *leaf {
	made++
	return &leaf{key: fmt.Sprint("leaf", made), buf: make([]byte, 100)}
}

func (s *shelf) put(n int) {
	for i := 0; i < n; i++ {
		l := newLeaf()
		l.next = s.head
		s.head = l
		s.m[l.key] = l
	}
}

func put(b *box[*leaf], n int) {
	if b.m == nil {
		b.m = map[string]*leaf{}
	}
	for i := 0; i < n; i++ {
		l := newLeaf()
		l.next = b.head
		b.head = l
		b.m[l.key] = l
	}
}

func leaves(n int) (list []*leaf) {
	for i := 0; i < n; i++ {
		list = append(list, newLeaf())
	}
	return list
}

func fillLarge() {
	Large.inner.m = map[string]*leaf{}
	Large.inner.put(20)
	Large.drawers[1].m = map[string]*leaf{}
	Large.drawers[1].put(21)
	Large.rows = []row{{leafs: leaves(22)}}
	Large.queue = make(chan *leaf, 5)
	Large.queue <- newLeaf()
	captured := newLeaf()
	Large.visit = func() *leaf { return captured }
	Large.any = newLeaf()
	for i := 0; i < 40; i++ {
		Large.named[i] = newLeaf()
	}
	Large.wide = map[[20]int]pair[string, *leaf]{{1}: {"wide", newLeaf()}}
}

func fill() {
	Pointer.put(10)
	put(Generic, 11)
	Value.put(12)
	put(&ValueGeneric, 13)
	Table[0].put(14)
	Table[1].put(15)
	put(Array[1], 16)
	put(Array[2], 17)
	Rows[0].leafs = leaves(18)
	Rows[1].more.leafs = leaves(19)
	Boxed.(*shelf).put(23)
	fillLarge()
	put(Pair.val, 24)
	nested.in.head = newLeaf()
}

const truth = `holds main.Pointer 10 main.shelf
holds main.Generic 11 main.box[*main.leaf]
holds main.Value 12 main.shelf
holds main.ValueGeneric 13 main.box[*main.leaf]
holds main.Table[0] 14 main.shelf
holds main.Table[1] 15 main.shelf
holds main.Array[1] 16 main.box[*main.leaf]
holds main.Array[2] 17 main.box[*main.leaf]
holds main.Rows 18 -
holds main.Rows[1].more 19 main.row
holds main.Boxed 23 main.shelf
holds main.Large.inner 20 main.shelf
holds main.Large 87 main.cabinet
holds main.Pair.val 24 main.box[*main.leaf]
holds main.nested.in 1 struct { head *main.leaf }
empty main.nilMap (map[string]main.cabinet) is nil
empty main.nilPointer (*main.cabinet) is nil
empty main.number (int) is 42
empty main.unused (main.cabinet) is all zeros
leads main.Table main.Table[1] main.Table[0]
leads main.Array main.Array[2] main.Array[1]
`

func main() {
	fill()
	runtime.GC()
	fmt.Print(truth)
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Println(nilMap == nil, nilPointer == nil, number, len(unused.name), Boxed.first(), nested.in.head,
		Value.first(), ValueGeneric.head, Array, Rows)
}
