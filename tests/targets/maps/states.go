package main

import (
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

// word reads a word at an offset of a header.
func word(p unsafe.Pointer, offset uintptr) uint64 {
	return *(*uint64)(unsafe.Pointer(uintptr(p) + offset))
}

func byteAt(p unsafe.Pointer, offset uintptr) uint8 {
	return *(*uint8)(unsafe.Pointer(uintptr(p) + offset))
}

// swiss tells which design this program's maps have: of a map with one entry, the third word of an hmap
// (runtime/map.go) is its buckets' address and the fourth is nil; of a maps.Map (internal/runtime/maps)
// the second word is a random seed and the third the group. An hmap's second word begins with flags and
// B = 0, and its hash in the upper half; so what tells is the size of a big map's third word's memory:
// the fourth word of a maps.Map of many entries is a power of two, never an address.
var swiss = func() bool {
	m := map[int]int{}
	for i := 0; i < 5000; i++ {
		m[i] = i
	}
	p := unsafe.Pointer(reflect.ValueOf(m).Pointer())
	dirLen := word(p, 24)
	return dirLen > 0 && dirLen < 1<<20
}()

// stateOf says how a map's header stands, and how many cells its tables have.
func stateOf(p unsafe.Pointer, m reflect.Value) (string, uint64) {
	if swiss {
		return swissState(p)
	}
	return bucketState(p, bucketSize(m.Type()))
}

func swissState(p unsafe.Pointer) (string, uint64) {
	directory, n := word(p, 16), word(p, 24)
	if n == 0 && directory == 0 {
		return "no group", 0
	}
	if n == 0 {
		return "one group", 8
	}
	var slots, tables, last uint64
	state := ""
	for i := uint64(0); i < n; i++ {
		at := word(unsafe.Pointer(uintptr(directory)), uintptr(8*i))
		if at == last {
			continue
		}
		last = at
		tables++
		table := unsafe.Pointer(uintptr(at))
		used, capacity := uint64(*(*uint16)(table)), uint64(*(*uint16)(unsafe.Pointer(uintptr(table) + 2)))
		left := uint64(*(*uint16)(unsafe.Pointer(uintptr(table) + 4)))
		limit := capacity * 7 / 8
		if used+left < limit {
			state = ", tombstones"
		}
		slots += capacity
	}
	if tables < n {
		state += ", shared tables"
	}
	if tables == 1 {
		return "table" + state, slots
	}
	return "directory" + state, slots
}

// bucketSize is that of runtime.bmap for a map type: 8 bytes, 8 keys, 8 elements, a pointer.
func bucketSize(t reflect.Type) uintptr {
	k, e := t.Key().Size(), t.Elem().Size()
	if k > 128 {
		k = 8
	}
	if e > 128 {
		e = 8
	}
	return (8 + 8*k + 8*e + 8 + 7) &^ 7
}

func bucketState(p unsafe.Pointer, size uintptr) (string, uint64) {
	flags, b := byteAt(p, 8), byteAt(p, 9)
	buckets, old := word(p, 16), word(p, 24)
	if buckets == 0 {
		return "no bucket", 0
	}
	n, evacuated, overflow := uint64(1)<<b, 0, uint64(0)
	slots := chains(buckets, n, size, &overflow, nil)
	state := "buckets"
	if old != 0 {
		nOld := n / 2
		state = "growing"
		if flags&8 != 0 || b == 0 {
			nOld, state = n, "growing, same size"
		}
		slots += chains(old, nOld, size, &overflow, &evacuated)
		if evacuated > 0 && uint64(evacuated) < nOld {
			state += ", partly moved"
		}
	}
	if overflow > 0 {
		state += ", overflow"
	}
	return state, slots
}

func chains(buckets, n uint64, size uintptr, overflow *uint64, evacuated *int) uint64 {
	var count uint64
	for i := uint64(0); i < n; i++ {
		at := uintptr(buckets) + uintptr(i)*size
		if top := byteAt(unsafe.Pointer(at), 0); evacuated != nil && top >= 2 && top <= 4 {
			*evacuated++
		}
		for ; at != 0; at = uintptr(word(unsafe.Pointer(at), size-8)) {
			count++
		}
	}
	*overflow += count - n
	return 8 * count
}

func (n *named) addr() unsafe.Pointer { return unsafe.Pointer(reflect.ValueOf(n.m).Pointer()) }

func add(name string, m interface{}) *named {
	n := &named{name: name, m: m}
	keep(n)
	return n
}

type fat [150]byte

func fatOf(i int) (f fat) {
	f[0], f[149] = byte(i), byte(i>>8)
	return f
}

func makeStates() {
	add("nil", map[string]int(nil))
	add("empty", map[string]int{})
	add("reserved", make(map[string]int, 100))
	for _, n := range []int{1, 7, 8, 9, 13, 14, 15, 27, 100, 833, 896, 897, 1793, 5000} {
		numbers, texts, boxes := map[int]int{}, map[string]string{}, map[string]interface{}{}
		set, fats := map[int32]struct{}{}, map[fat]fat{}
		for i := 0; i < n; i++ {
			numbers[i] = i * i
			texts[fmt.Sprint("key ", i)] = fmt.Sprint("value ", i)
			boxes[fmt.Sprint("k", i)] = i
			set[int32(i)] = struct{}{}
			if n < 1000 {
				fats[fatOf(i)] = fatOf(-i)
			}
		}
		for _, m := range []interface{}{numbers, texts, boxes, set, fats} {
			add(fmt.Sprintf("%d of %T", n, m), m)
		}
	}
	add("indirect keys", map[fat]int{fatOf(1): 1, fatOf(2): 2})
	add("indirect elements", map[int]fat{1: fatOf(1), 2: fatOf(2)})
	add("keys of exactly 128 bytes", map[[128]byte][128]byte{{1}: {2}, {3}: {4}})
	add("keys of no size", map[struct{}]int{{}: 1})
	add("nothing in nothing", map[struct{}]struct{}{{}: {}})
	add("elements of no size at the end", map[string][0]int{"a": {}, "b": {}})
	makeNaNs()
	makeGrowing()
	makeDeleted()
	makeCaught()
}

func makeNaNs() {
	for _, n := range []int{2, 8, 9, 40, 2000} {
		m, boxes := map[float64]int{}, map[interface{}]interface{}{}
		for i := 0; i < n; i++ {
			m[math.NaN()] = i
			boxes[math.NaN()] = i
			boxes[float32(math.NaN())] = math.NaN()
		}
		add(fmt.Sprint(n, " NaN"), m)
		add(fmt.Sprint(n, " NaN in boxes"), boxes)
	}
}

// makeGrowing stops filling maps where they have begun to move their entries to a larger array.
func makeGrowing() {
	for i := 0; i < 12; i++ {
		m := map[int]*int{}
		n := add(fmt.Sprint("growing ", i), m)
		grow(n, m, 100<<uint(i/3), i)
	}
	for i := 0; i < 6; i++ {
		m := map[string]interface{}{}
		n := add(fmt.Sprint("growing boxes ", i), m)
		for j := 0; j < 60<<uint(i) || !growing(n) && j < 100000; j++ {
			m[fmt.Sprint("key ", j)] = j
			if swiss && j > 60<<uint(i) {
				break
			}
		}
	}
	makeSameSize()
}

// grow fills M with at least LEAST entries and then until it grows, and MORE entries on.
func grow(n *named, m map[int]*int, least, more int) {
	j := 0
	for ; j < least || !growing(n) && j < 100000; j++ {
		v := j
		m[j] = &v
		if swiss && j > least {
			break
		}
	}
	for k := 0; k < more; k++ {
		v := j + k
		m[v] = &v
	}
	delete(m, 3)
	delete(m, j-1)
}

func growing(n *named) bool { return !swiss && word(n.addr(), 24) != 0 }

// makeSameSize makes maps that move to an array of the same size since too many of their overflow
// buckets are nearly empty: filled in bursts, and emptied in between.
func makeSameSize() {
	for i := 0; i < 4; i++ {
		m := map[int]string{}
		n := add(fmt.Sprint("same size ", i), m)
		next := 0
		for round := 0; round < 3000 && !sameSize(n); round++ {
			for j := 0; j < 400 && !sameSize(n); j++ {
				m[next] = fmt.Sprint("value ", next)
				next++
			}
			if !sameSize(n) {
				for j := next - 400; j < next; j++ {
					delete(m, j)
				}
			}
		}
		for j := 0; j < 2*i; j++ {
			m[next+j] = "more"
		}
	}
}

func sameSize(n *named) bool { return growing(n) && byteAt(n.addr(), 8)&8 != 0 }

func makeDeleted() {
	for _, size := range []int{8, 20, 300, 3000} {
		some, none, refilled := map[int]interface{}{}, map[string]int{}, map[int]string{}
		cleared := map[int]*int{}
		for i := 0; i < size; i++ {
			v := i
			some[i], none[fmt.Sprint(i)], refilled[i], cleared[i] = i+1000, i, fmt.Sprint(i), &v
		}
		for i := 0; i < size; i++ {
			if i%3 != 0 {
				delete(some, i)
			}
			delete(none, fmt.Sprint(i))
			delete(refilled, i)
		}
		for i := 0; i < size/2; i++ {
			refilled[-i] = "again"
		}
		for k := range cleared {
			delete(cleared, k)
		}
		add(fmt.Sprint(size, " with some deleted"), some)
		add(fmt.Sprint(size, " all deleted"), none)
		add(fmt.Sprint(size, " deleted and filled again"), refilled)
		add(fmt.Sprint(size, " cleared"), cleared)
		if size > 20 {
			filled := map[int]*int{}
			for i := 0; i < size; i++ {
				v := i
				filled[i] = &v
			}
			for k := range filled {
				delete(filled, k)
			}
			filled[1] = new(int)
			add(fmt.Sprint(size, " cleared, then one"), filled)
		}
	}
}
