package main

// station lies in data or bss without a name of its own: only the pointers below lead there.
type station struct {
	name  string
	first *mark
	more  *station
	stops [2]*mark
}

// siding is never in an interface: the program has no descriptor of it.
type siding struct {
	length [3]int
	first  *mark
	last   *mark
}

type rider interface{ ride() *mark }

func (s *station) ride() *mark { return s.first }

var (
	byPointer         = &station{name: "outer", more: &station{name: "inner"}}
	byInterface rider = &station{name: "ridden"}
	bySlice           = []station{{name: "one"}, {name: "two", more: &station{name: "three"}}}
	byUnknown         = &siding{length: [3]int{1, 2, 3}}
)

func makeStatics() {
	byPointer.first = newMark("static.pointer")
	byPointer.more.stops[1] = newMark("static.nested")
	byInterface.(*station).first = newMark("static.interface")
	bySlice[1].first = newMark("static.slice")
	bySlice[1].more.stops[0] = newMark("static.element")
	byUnknown.first, byUnknown.last = newMark("static.unknown"), newMark("static.unknown.last")
	use(byInterface.ride(), byPointer.ride(), bySlice)
}
