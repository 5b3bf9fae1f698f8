package main

import (
	"fmt"
	"unsafe"
)

// swissMap and swissTable are Map and table of internal/runtime/maps.
type swissMap struct {
	used, seed   uint64
	directory    unsafe.Pointer
	n            int
	depth, shift uint8
}

type swissTable struct {
	used, capacity, left uint16
	depth                uint8
	index                int
	groups               unsafe.Pointer
	mask                 uint64
}

// makeCaught makes maps as one finds them where a Swiss map was stopped while it grows, which no program
// can wait for: after a map has told its entries, its directory is led to such a moment.
func makeCaught() {
	if !swiss {
		return
	}
	moments := []struct {
		name  string
		reach func(m *swissMap)
	}{
		{"the directory was doubled, and its length not yet", func(m *swissMap) { m.double() }},
		{"a table is replaced", func(m *swissMap) { m.share(1); m.install(0, 0, 0) }},
		{"the left half of a table is put in", func(m *swissMap) { m.share(2); m.install(0, 0, 1) }},
		{"the left half of a table is in", func(m *swissMap) { m.share(2); m.install(0, 1, 1) }},
		{"the right half of a table is put in", func(m *swissMap) {
			m.share(2)
			m.install(0, 1, 1)
			m.install(2, 2, 1)
		}},
	}
	for i := range moments {
		moment := moments[i]
		for _, size := range []int{2000, 20000} {
			m := map[int]interface{}{}
			for j := 0; j < size; j++ {
				m[j] = fmt.Sprint(j)
			}
			n := add(fmt.Sprintf("%d, %s", size, moment.name), m)
			n.state = func() string {
				moment.reach((*swissMap)(n.addr()))
				return "caught"
			}
		}
	}
}

func (m *swissMap) tables() []*swissTable {
	return unsafe.Slice((**swissTable)(m.directory), m.n)
}

// double doubles the directory, but for its length.
func (m *swissMap) double() {
	tables := make([]*swissTable, 2*m.n)
	for i, t := range m.tables() {
		tables[2*i], tables[2*i+1] = t, t
		if t.index == i {
			t.index = 2 * i
		}
	}
	m.depth++
	m.shift--
	m.directory = unsafe.Pointer(&tables[0])
}

// share doubles the directory so many times: its tables have more places then.
func (m *swissMap) share(times int) {
	for ; times > 0; times-- {
		m.double()
		m.n *= 2
	}
}

// install puts a table with the entries of the one there, and that much deeper, at some places.
func (m *swissMap) install(first, last int, deeper uint8) {
	table := *m.tables()[first]
	table.depth += deeper
	for place := first; place <= last; place++ {
		m.tables()[place] = &table
	}
}
