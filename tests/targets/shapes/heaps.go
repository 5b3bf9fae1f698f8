package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

func mapOfMaps(n int) interface{} {
	maps := make(map[int]map[string]int)
	for i := 0; i < n; i++ {
		maps[i] = map[string]int{fmt.Sprint(i): i}
	}
	return maps
}

func oneMap(n int) interface{} {
	records := map[string]*record{}
	for i := 0; i < n; i++ {
		records[fmt.Sprint("key ", i)] = &record{id: i}
	}
	return records
}

func list(n int) interface{} {
	var head *record
	for i := 0; i < n; i++ {
		head = &record{id: i, next: head}
	}
	return head
}

// pointers is one slice whose elements all point at few records.
func pointers(n int) interface{} {
	few := []*record{{id: 1}, {id: 2}, {id: 3}}
	slice := make([]*record, n)
	for i := range slice {
		slice[i] = few[i%len(few)]
	}
	return slice
}

// elements is one slice of records to each of which another one points.
func elements(n int) interface{} {
	records := make([]record, n)
	referrers := make([]*record, n)
	for i := range records {
		records[i].next = &records[(i*7+1)%n]
		referrers[i] = &records[n-1-i]
	}
	return referrers
}

// suffixes are slices of one array, each by one element longer than the one before.
func suffixes(n int) interface{} {
	array := make([]*record, n)
	for i := range array {
		array[i] = &record{id: i}
	}
	slices := make([][]*record, n)
	for i := range slices {
		slices[i] = array[n-1-i:]
	}
	return slices
}

// substrings all lie in one string.
func substrings(n int) interface{} {
	text := strings.Repeat("0123456789abcdef", n)
	parts := make([]string, n)
	for i := range parts {
		parts[i] = text[16*i : 16*i+10]
	}
	return parts
}

type branch struct {
	children []*branch
	label    string
}

// wide is a root with a thousand children, which have the rest.
func wide(n int) interface{} {
	root := &branch{label: "root"}
	for i := 0; i < 1000; i++ {
		child := &branch{label: fmt.Sprint(i)}
		for k := 0; k < n/1000; k++ {
			child.children = append(child.children, &branch{})
		}
		root.children = append(root.children, child)
	}
	return root
}

// deep is a tree each of whose nodes has a leaf and the next node.
func deep(n int) interface{} {
	root := &branch{}
	for at := root; n > 0; n -= 2 {
		next := &branch{}
		at.children = []*branch{next, {}}
		at = next
	}
	return root
}

func boxes(n int) interface{} {
	values := make([]interface{}, n)
	for i := range values {
		switch i % 3 {
		case 0:
			values[i] = i + 1000
		case 1:
			values[i] = fmt.Sprint(i)
		default:
			values[i] = record{id: i}
		}
	}
	return values
}

func closures(n int) interface{} {
	functions := make([]func() int, n)
	for i := range functions {
		session := map[string]int{"id": i}
		functions[i] = func() int { return session["id"] }
	}
	return functions
}

// contexts are a chain, each in the one before.
func contexts(n int) interface{} {
	type key struct{}
	ctx := context.Context(context.Background())
	for i := 0; i < n; i++ {
		ctx = context.WithValue(ctx, key{}, i)
	}
	return ctx
}

func finalizers(n int) interface{} {
	records := make([]*record, n)
	for i := range records {
		records[i] = &record{id: i}
		runtime.SetFinalizer(records[i], func(r *record) { r.id = 0 })
	}
	return records
}

func syncMap(n int) interface{} {
	records := new(sync.Map)
	for i := 0; i < n; i++ {
		records.Store(i, &record{id: i})
	}
	return records
}

func channel(n int) interface{} {
	queue := make(chan *record, n)
	for i := 0; i < n; i++ {
		queue <- &record{id: i}
	}
	return queue
}
