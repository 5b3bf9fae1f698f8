// Globals of every form and closures that capture every form, and what the code says of them.
//
// Prints the truth, a line each, then "ready", and waits for the end of its standard input:
//
//	global ADDRESS value|pointer|slice|map|chan TYPE
//	interface ADDRESS        the word there must not be given a type
//	closure ENTRY TYPE ...   the types of what it captured, in any order
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"sync"
	"unsafe"
)

type node struct {
	next *node
	name string
}

type registry struct {
	sync.Mutex
	nodes map[string]*node
	log   []string
}

type shape interface{ area() int }
type square struct{ side int }
type circle struct{ radius int }
type box struct {
	label  string
	weight int
}

func (s *square) area() int { return s.side * s.side }
func (c *circle) area() int { return 3 * c.radius * c.radius }

//go:noinline
func (n *node) push(name string) *node { return &node{next: n, name: name} }

//go:noinline
func (r *registry) add(name string) {
	r.Lock()
	defer r.Unlock()
	if r.nodes == nil {
		r.nodes = make(map[string]*node)
	}
	r.nodes[name] = &node{name: name}
	r.log = append(r.log, name)
}

var (
	gRegistry registry // a value, by its method's receiver and its first field's
	gBoxed    box      // a value, by its conversion to an interface
	gPointer  *node
	gMethod   *registry // a pointer that only a receiver tells
	gSlice    []node
	gGrown    []*square
	gMade     map[int]string   // made with a size
	gSmall    map[string]*node // made without
	gLiteral  = map[string]int{"one": 1, "two": 2}
	gLookedUp map[uint32]square // made elsewhere
	gChannel  chan *node
	gShape    shape // an interface: squares and circles
	gAny      interface{}
	gClosures []func() int
)

//go:noinline
func pick(n int) int { return n + len(os.Args) }

//go:noinline
func makeLookup() map[uint32]square { return map[uint32]square{1: {1}} }

//go:noinline
func newRegistry() *registry { return new(registry) }

//go:noinline
func fill() {
	gRegistry.add("first")
	gPointer = &node{name: "head"}
	gMethod = newRegistry()
	useMethod()
	gSlice = make([]node, pick(10))
	for i := 0; i < pick(100); i++ {
		gGrown = append(gGrown, &square{i})
	}
	gMade = make(map[int]string, pick(100))
	gMade[1] = "one"
	gSmall = make(map[string]*node)
	gSmall["head"] = gPointer
	gLookedUp = makeLookup()
	if _, there := gLookedUp[uint32(pick(1))]; there {
		gLookedUp[2] = square{2}
	}
	gChannel = make(chan *node, pick(3))
	gShape = &square{pick(2)}
	if pick(0) > 5 {
		gShape = otherShape()
	}
	gAny = gBoxed
}

//go:noinline
func useMethod() { gMethod.add("second") }

//go:noinline
func otherShape() shape { return &circle{1} }

//go:noinline
func closures(m map[string]int, s []string, p *node, text string, n int) {
	count := n
	gClosures = append(gClosures,
		func() int { return len(m) + pick(1) },
		func() int { return len(s) + len(text) },
		func() int { p = p.push(text); return n },
		func() int { count++; return count + len(m) })
}

func global(addr unsafe.Pointer, form string, value interface{}) {
	t := reflect.TypeOf(value).Elem()
	if form == "pointer" || form == "slice" {
		t = t.Elem()
	}
	fmt.Printf("global %x %s %s\n", uintptr(addr), form, t)
}

func closure(f func() int, captured ...interface{}) {
	fmt.Printf("closure %x", reflect.ValueOf(f).Pointer())
	for _, v := range captured {
		fmt.Print(" ", reflect.TypeOf(v))
	}
	fmt.Println()
}

func main() {
	fill()
	closures(map[string]int{"a": 1}, os.Args, gPointer, strconv.Itoa(pick(4)), pick(5))
	global(unsafe.Pointer(&gRegistry), "value", &gRegistry)
	global(unsafe.Pointer(&gBoxed), "value", &gBoxed)
	global(unsafe.Pointer(&gPointer), "pointer", &gPointer)
	global(unsafe.Pointer(&gMethod), "pointer", &gMethod)
	global(unsafe.Pointer(&gSlice), "slice", &gSlice)
	global(unsafe.Pointer(&gGrown), "slice", &gGrown)
	global(unsafe.Pointer(&gMade), "map", &gMade)
	global(unsafe.Pointer(&gSmall), "map", &gSmall)
	global(unsafe.Pointer(&gLiteral), "map", &gLiteral)
	global(unsafe.Pointer(&gLookedUp), "map", &gLookedUp)
	global(unsafe.Pointer(&gChannel), "chan", &gChannel)
	fmt.Printf("interface %x\n", uintptr(unsafe.Pointer(&gShape))+unsafe.Sizeof(uintptr(0)))
	fmt.Printf("interface %x\n", uintptr(unsafe.Pointer(&gAny))+unsafe.Sizeof(uintptr(0)))
	closure(gClosures[0], map[string]int{})
	closure(gClosures[1], []string{}, "")
	closure(gClosures[2], new(*node), "", 0)
	closure(gClosures[3], new(int), map[string]int{})
	fmt.Println("ready")
	io.Copy(io.Discard, bufio.NewReader(os.Stdin))
}
