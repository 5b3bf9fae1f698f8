package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"
	"unsafe"
)

type point struct{ x, y int }
type pair struct {
	name string
	any  interface{}
}
type holder struct{ p *point }
type loner [1]*point
type code uint8
type word16 uint16
type label string
type failure struct{ code int }
type deep struct {
	a [2]pair
	b []string
}

func (f *failure) Error() string { return fmt.Sprint("failure ", f.code) }

type plainFailure int

func (f plainFailure) Error() string { return "plain" }

func aFunction() {}

// boxed has a value of every kind: those that the runtime keeps in static data, and others.
func boxed() []interface{} {
	captured := 7
	return []interface{}{
		nil, (*point)(nil), map[string]int(nil), []int(nil), (chan int)(nil), (func())(nil),
		unsafe.Pointer(nil), error(nil), (*failure)(nil),
		false, true,
		int(0), int(1), int(255), int(256), int(-1), int(math.MinInt64), int(math.MaxInt64),
		int8(0), int8(-1), int8(127), int8(-128), int16(0), int16(5), int16(-5), int16(300), int16(math.MinInt16),
		int32(0), int32(5), int32(-7), int32(math.MaxInt32), int64(0), int64(9), int64(-9), int64(1 << 60),
		uint(0), uint(200), uint(math.MaxUint64), uint8(0), uint8(200), uint8(255), uint16(0), uint16(200),
		uint16(300), uint16(math.MaxUint16), uint32(0), uint32(70), uint32(math.MaxUint32), uint64(0),
		uint64(250), uint64(1 << 63), uintptr(0), uintptr(11), uintptr(1 << 50),
		float32(0), float32(1.5), float32(-0.1), float32(math.MaxFloat32), float32(math.SmallestNonzeroFloat32),
		float64(0), 0.1, -2.5, 1e100, 1e-7, 1e20, 1e21, 123456789.0, math.Pi, math.Inf(1), math.Inf(-1),
		math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1 + 0.2,
		complex64(0), complex64(1 + 2i), complex128(0), -1.5 + 0.25i, complex(math.Inf(1), -0.1),
		"", "x", "short", strings.Repeat("long ", 40), "tab\tand \"quotes\" \\ and ünïcödé",
		strings.ToUpper("made at run time"), label(""), label("named"), code(3), word16(4000),
		[0]int{}, [1]int{5}, [3]int{1, 2, 3}, [2]string{"a", "b"}, [4]uint8{1, 2, 3, 4}, [2]interface{}{1, "x"},
		loner{&point{1, 2}}, [1]func(){aFunction}, [9]int{1, 2, 3},
		struct{}{}, point{}, point{3, 4}, pair{"n", 5}, pair{"n", nil}, holder{&point{5, 6}}, holder{},
		struct{ a, b uint8 }{1, 2}, struct{ s string }{"only"}, time.Duration(1500),
		&point{7, 8}, new(int), new(string), &failure{9}, errors.New("an error"), io.EOF, plainFailure(3), os.ErrClosed,
		unsafe.Pointer(&captured), make(chan int, 3), make(chan struct{}), (<-chan int)(make(chan int)),
		aFunction, func() int { return captured }, func(int) {}, fmt.Sprint, (&failure{1}).Error,
		time.Unix(0, 0).UTC(), deep{},
	}
}

// uncomparable has what can be an element but no key.
func uncomparable() []interface{} {
	captured := 8
	return []interface{}{
		[]int{}, []int{1, 2, 3}, make([]string, 3, 10), []interface{}{1, "two", nil}, []byte("bytes"),
		[]byte{}, [][]int{{1}, {2, 3}}, make([]int, 1000), []struct{}{{}, {}}, []*point{{1, 2}},
		map[string]int{}, map[string]int{"nested": 1}, map[string]interface{}{"a": map[string]interface{}{"b": 1.5}},
		map[interface{}]interface{}{1: 2, "a": "b"}, map[string]struct{}{"set": {}},
		func() int { captured++; return captured }, [2][]int{{1}, {2}}, deep{b: []string{"x"}},
		struct{ m map[string]int }{map[string]int{"x": 1}}, struct{ f func() }{aFunction},
	}
}

func comparable(v interface{}) (yes bool) {
	defer func() { yes = recover() == nil }()
	_ = map[interface{}]int{v: 1}
	return
}

func makeKinds() {
	anyAny, byName, perKey := map[interface{}]interface{}{}, map[string]interface{}{}, []interface{}{}
	all := append(boxed(), uncomparable()...)
	for i, v := range all {
		byName[fmt.Sprint("kind ", i)] = v
		if comparable(v) {
			anyAny[v] = all[(i*7+3)%len(all)]
			perKey = append(perKey, map[interface{}]int{v: i})
		}
		add(fmt.Sprintf("one value %d, %T", i, v), map[int]interface{}{i: v})
	}
	add("every kind as key and element", anyAny)
	add("every kind as element", byName)
	for i, m := range perKey {
		add(fmt.Sprint("one key ", i), m)
	}
	makeTyped()
	makeMethods()
}

func makeTyped() {
	p := &point{1, 2}
	c := make(chan int)
	for _, m := range []interface{}{
		map[bool]bool{true: false, false: true}, map[int8]uint8{-1: 255, 5: 0}, map[int16]uint16{-300: 65535},
		map[int32]uint32{-7: 1 << 31}, map[int64]uint64{-9: 1 << 63}, map[uintptr]int{5: -5},
		map[float32]float64{0.1: 0.1, -2.5: 1e100}, map[complex64]complex128{1 + 2i: -1.5 - 0.25i},
		map[string]string{"": "", "a": "b"}, map[[2]string][]string{{"a", "b"}: {"c"}},
		map[point]pair{{1, 2}: {"n", 5}}, map[pair]point{{"k", 1.5}: {3, 4}, {"k", "s"}: {}},
		map[*point]*point{p: p, nil: nil}, map[chan int]chan int{c: c, nil: nil},
		map[unsafe.Pointer]unsafe.Pointer{unsafe.Pointer(p): nil}, map[string]func(){"f": aFunction, "nil": nil},
		map[string][]int{"nil": nil, "empty": {}, "three": {1, 2, 3}}, map[string]map[string]int{"nil": nil, "one": {"x": 1}},
		map[holder]loner{{p}: {p}, {}: {}}, map[string]time.Time{"zero": {}}, map[label]code{"l": 3},
		map[[3]byte][5]byte{{1, 2, 3}: {4, 5}}, map[uint8][3]uint16{1: {1, 2, 3}, 2: {4, 5, 6}},
		map[struct {
			a uint8
			b uint32
		}]struct {
			c uint16
			d bool
		}{{1, 2}: {3, true}, {4, 5}: {6, false}},
		map[string]deep{"d": {b: []string{"x"}}},
	} {
		add(fmt.Sprintf("typed %T", m), m)
	}
}

func makeMethods() {
	add("errors", map[string]error{"nil": nil, "typed nil": (*failure)(nil), "pointer": &failure{3},
		"value": plainFailure(7), "large value": plainFailure(70000), "library": errors.New("text"), "wrapped": fmt.Errorf("wrap: %w", io.EOF)})
	add("error keys", map[error]fmt.Stringer{&failure{1}: time.Duration(5), plainFailure(2): nil,
		plainFailure(90000): &strings.Builder{}, io.EOF: time.Duration(1 << 40)})
	add("methods and any", map[fmt.Stringer]interface{}{time.Duration(77): 5000, time.March: "x"})
	// Found out while the program runs, so that it is the runtime which makes what tells their types.
	asserted := map[string]lengther{}
	for name, v := range map[string]interface{}{"value": asked(5), "pointer": &failure{4}, "large": asked(1 << 40),
		"direct": asker{&point{}}} {
		if l, ok := v.(lengther); ok {
			asserted[name] = l
		}
	}
	add("types known by assertion", asserted)
	add("named map", header{"A": {"b", "c"}, "D": nil})
}

type lengther interface{ Len() int }
type asked int
type asker struct{ p *point }

func (a asked) Len() int { return int(a) }
func (a asker) Len() int { return a.p.x }

type header map[string][]string
