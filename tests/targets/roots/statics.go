package main

// station lies in data or bss without a name of its own: only the pointers below lead there.
type station struct {
	name  string
	first *mark
	more  *station
	stops [2]*mark
}

type rider interface{ ride() *mark }

func (s *station) ride() *mark { return s.first }

var (
	byPointer         = &station{name: "outer", more: &station{name: "inner"}}
	byInterface rider = &station{name: "ridden"}
	bySlice           = []station{{name: "one"}, {name: "two"}}
)

func makeStatics() {
	byPointer.first = newMark("static.pointer")
	byPointer.more.stops[1] = newMark("static.nested")
	byInterface.(*station).first = newMark("static.interface")
	bySlice[1].first = newMark("static.slice")
	use(byInterface.ride(), byPointer.ride(), bySlice)
}
