//go:build goexperiment.arenas
// +build goexperiment.arenas

package main

import "arena"

// inArena is more than fits into one chunk of 8 MB.
type inArena struct {
	pad  [1000]uint64
	next *mark
	more [3]interface{}
}

// fillArena returns what was allocated last. Only what lies in the arena refers to the marks.
func fillArena(a *arena.Arena, name string) *inArena {
	var last *inArena
	for i := 0; i < 1200; i++ {
		last = arena.New[inArena](a)
		last.pad[5] = uint64(uintptr(pointer(last))) // a number
		if i%100 == 7 {
			last.next = newPair(name)
			last.more[1] = newPair(name + ".boxed")
		}
	}
	list := arena.MakeSlice[*mark](a, 100, 200)
	list[99] = newPair(name + ".list")
	return last
}

func makeArenas() {
	held, lost, inside, freed := arena.NewArena(), arena.NewArena(), arena.NewArena(), arena.NewArena()
	fillArena(held, "arena.held")
	kept = append(kept, held)
	fillArena(lost, "arena.lost")
	last := fillArena(inside, "arena.inside")
	last.next = newPair("arena.last")
	kept = append(kept, &last.more)
	fillArena(freed, "arena.freed")
	freed.Free()
}
