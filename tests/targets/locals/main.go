// Maps whose types only the code knows: goroutines each hold some in local variables and wait; and
// sync.Maps that are global variables, of a type that up to Go 1.23 the program has no descriptor of. And
// other values that only frames hold. The program says of each in which function or variable it is and
// what it holds: a line "map NAME TYPE ENTRIES" or "value NAME ADDRESS TYPE" each, then "ready", then
// silence.
package main

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"unsafe"

	"example.com/targets/quiet"
)

type node struct {
	number int
	next   *node
}

type holder struct {
	name string
	byID map[int]*node
}

var (
	told    = make(chan string)
	forever = make(chan struct{})
	sink    int
	stored  sync.Map
	amended sync.Map
)

func tell(function, kind string, entries int) {
	told <- fmt.Sprintln("map", function, kind, entries)
}

func tellValue(function string, at unsafe.Pointer, kind string) {
	told <- fmt.Sprintln("value", function, uintptr(at), kind)
}

func key(i int) string { return "k" + strconv.Itoa(i) }

// wait keeps whatever its caller still needs afterwards.
//
//go:noinline
func wait() { <-forever }

// The header does not escape: it lies in the frame.
func inFrame() {
	m := map[string]*node{}
	for i := 0; i < 5000; i++ {
		m[key(i)] = &node{number: i}
	}
	tell("inFrame", "map[string]*main.node", len(m))
	wait()
	sink += m["k1"].number
}

// No pointers in it: up to Go 1.23 only the header keeps the list of its overflow buckets.
func numbers() {
	m := map[int]int{}
	for i := 0; i < 3000; i++ {
		m[i] = i
	}
	tell("numbers", "map[int]int", len(m))
	wait()
	sink += m[1]
}

//go:noinline
func made(n int) map[string]int {
	m := make(map[string]int)
	for i := 0; i < n; i++ {
		m[key(i)] = i
	}
	return m
}

// The header is an object that another function made.
func returned() {
	m := made(700)
	m["k0"]++
	tell("returned", "map[string]int", len(m))
	wait()
	sink += m["k1"]
}

// Made with room, by a number that the compiler does not know.
func sized(n int) {
	m := make(map[int]*node, n)
	for i := 0; i < n; i++ {
		m[i] = &node{number: i}
	}
	tell("sized", "map[int]*main.node", len(m))
	wait()
	sink += m[1].number
}

// Interface values of many kinds.
func boxes() {
	m := map[string]interface{}{}
	for i := 0; i < 1000; i++ {
		switch i % 4 {
		case 0:
			m[key(i)] = i + 1000
		case 1:
			m[key(i)] = key(i)
		case 2:
			m[key(i)] = &node{number: i}
		default:
			m[key(i)] = []interface{}{i, nil}
		}
	}
	tell("boxes", "map[string]interface {}", len(m))
	wait()
	sink += len(m) + m["k0"].(int)
}

// Two whose lives do not overlap, which newer compilers let share a place.
func shared() {
	{
		first := map[string]string{}
		for i := 0; i < 100; i++ {
			first[key(i)] = key(i + 1)
		}
		sink += len(first["k7"])
	}
	second := map[int]*holder{}
	for i := 0; i < 400; i++ {
		second[i] = &holder{name: key(i)}
	}
	tell("shared", "map[int]*main.holder", len(second))
	wait()
	sink += len(second[3].name)
}

// A field of a struct that lies in the frame.
func field() {
	var h holder
	h.byID = map[int]*node{}
	for i := 0; i < 300; i++ {
		h.byID[i] = &node{number: i}
	}
	tell("field", "map[int]*main.node", len(h.byID))
	wait()
	sink += h.byID[5].number
}

// In the middle of a loop over it.
func ranged() {
	m := map[int]*node{}
	for i := 0; i < 600; i++ {
		m[i] = &node{number: i}
	}
	n := 0
	for _, v := range m {
		if n++; n == 300 {
			tell("ranged", "map[int]*main.node", len(m))
			wait()
		}
		sink += v.number
	}
}

// One in each frame of a recursion.
func recursive(depth int) {
	m := map[int]string{}
	for i := 0; i < 20+depth; i++ {
		m[i] = key(i)
	}
	tell("recursive", "map[int]string", len(m))
	if depth > 0 {
		recursive(depth - 1)
	} else {
		wait()
	}
	sink += len(m[1])
}

// Up to Go 1.23 in the middle of growing: its entries are in two places.
func growing() {
	m := map[int]*node{}
	for i := 0; i < 840; i++ {
		m[i] = &node{number: i}
	}
	tell("growing", "map[int]*main.node", len(m))
	wait()
	sink += m[5].number
}

func globals() {
	for i := 0; i < 200; i++ {
		stored.Store(key(i), &node{number: i})
		amended.Store(key(i), &node{number: i})
	}
	for i := 0; i < 1000; i++ {
		amended.Load(key(i % 300)) // up to 1.23: read so often without luck that its second map becomes the first
	}
	amended.Store(key(200), &node{})
	tell("stored", "sync.Map", 200)
	tell("amended", "sync.Map", 201)
}

// After deletions, with tombstones in the newer design.
func deleted() {
	m := map[string]*node{}
	for i := 0; i < 2000; i++ {
		m[key(i)] = &node{number: i}
	}
	for i := 1500; i < 2000; i++ {
		delete(m, key(i))
	}
	tell("deleted", "map[string]*main.node", len(m))
	wait()
	sink += m["k1"].number
}

// The code uses nothing of it but its length.
//
//go:noinline
func counted(hold map[string]int) {
	tell("counted", "map[string]int", len(hold))
	wait()
	sink += len(hold)
}

// On its way: it is in what the goroutine waits to send.
//
//go:noinline
func sent(to chan<- map[string]int, m map[string]int) {
	tell("sent", "map[string]int", len(m))
	to <- m
}

//go:noinline
func chunk(n int) []byte { return make([]byte, n) }

//go:noinline
func chain(n int) *node {
	var first *node
	for i := 0; i < n; i++ {
		first = &node{number: i, next: first}
	}
	return first
}

//go:noinline
func numbered(n int) []*node {
	var all []*node
	for i := 0; i < n; i++ {
		all = append(all, &node{number: i})
	}
	return all
}

//go:noinline
func counting(bytes []byte) {
	tellValue("counting", unsafe.Pointer(&bytes[0]), "[...]uint8")
	wait()
	sink += len(bytes)
}

//go:noinline
func pointing(n *node) {
	tellValue("pointing", unsafe.Pointer(n), "main.node")
	wait()
	sink += *(*int)(unsafe.Pointer(n))
}

func listing() {
	all := numbered(100)
	tellValue("listing", unsafe.Pointer(&all[0]), "[...]*main.node")
	tellValue("listing", unsafe.Pointer(all[7]), "main.node")
	wait()
	sink += *(*int)(unsafe.Pointer(all[sink&7]))
}

// A struct that lies in the frame, of which a method gets the address.
type pair struct {
	data  []byte
	first *node
}

//go:noinline
func (p *pair) hold() {
	wait()
	sink += len(p.data)
}

func inStruct() {
	p := pair{chunk(3000), chain(3)}
	tellValue("inStruct", unsafe.Pointer(&p.data[0]), "[...]uint8")
	tellValue("inStruct", unsafe.Pointer(p.first), "main.node")
	p.hold()
	sink += len(p.data) + p.first.number
}

// Larger than what the frame has a pointer to, which is its first field.
type wide struct {
	pair
	more   []byte
	number int
}

//go:noinline
func newWide(n int) *wide { return &wide{pair{chunk(n), chain(2)}, chunk(2 * n), n} }

func inside() {
	w := newWide(1000)
	tellValue("inside", unsafe.Pointer(w), "main.wide")
	tellValue("inside", unsafe.Pointer(&w.more[0]), "[...]uint8")
	w.pair.hold()
}

// Two whose lives do not overlap, which newer compilers let share a place.
func sharing() {
	{
		first := chain(2)
		sink += first.number
	}
	second := numbered(50)
	tellValue("sharing", unsafe.Pointer(&second[0]), "[...]*main.node")
	wait()
	sink += *(*int)(unsafe.Pointer(second[sink&7]))
}

func main() {
	maps := 0
	start := func(n int, f func()) {
		go f()
		for ; n > 0; n-- {
			fmt.Print(<-told)
			maps++
		}
	}
	start(1, inFrame)
	start(1, numbers)
	start(1, returned)
	start(1, func() { sized(900) })
	start(1, boxes)
	start(1, shared)
	start(1, field)
	start(1, ranged)
	start(6, func() { recursive(5) })
	start(1, growing)
	start(2, globals)
	start(1, deleted)
	start(1, func() { counted(made(400)) })
	start(1, func() { sent(make(chan map[string]int), made(500)) })
	start(1, func() { counting(chunk(5000)) })
	start(1, func() { pointing(chain(10)) })
	start(2, listing)
	start(2, inStruct)
	start(1, sharing)
	start(2, inside)
	start(cleanupValues, cleanups)
	fmt.Fprintf(io.Discard, "%T", wide{})
	quiet.Prepare()
	quiet.Say("ready")
	quiet.Wait()
}
