//go:build goexperiment.arenas

package main

import (
	"arena"
	"fmt"
)

type item struct {
	id   int
	name *string
	next *item
	tags map[string]int
}

type areas struct {
	arena *arena.Arena
	head  *item
	slice []*item
}

// arenas has items in a user arena, each of which points at the one before and at a string in the heap.
func arenas(n int) interface{} {
	all := &areas{arena: arena.NewArena()}
	for i := 0; i < n; i++ {
		it := arena.New[item](all.arena)
		name := fmt.Sprint("item ", i)
		it.id, it.name, it.next = i, &name, all.head
		all.head = it
	}
	all.slice = arena.MakeSlice[*item](all.arena, n/100, n/100)
	for i := range all.slice {
		all.slice[i] = &item{id: i, tags: map[string]int{"in the heap": i}}
	}
	return all
}
