package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
)

type record struct {
	id   int
	name *string
	next *record
}

// sparse has buffers that nobody ever wrote to: fresh pages, none of them resident.
func sparse(n int) interface{} {
	debug.SetGCPercent(-1)
	buffers := make([][]byte, n)
	for i := range buffers {
		buffers[i] = make([]byte, 1000)
	}
	return buffers
}

// huge has pointer slices of 64 MB of which only the first page is used.
func huge(n int) interface{} {
	slices := make([][]*record, n)
	for i := range slices {
		slices[i] = make([]*record, 8<<20)
		slices[i][0] = &record{id: i}
	}
	return slices
}

// scattered has buffers of 4 MB of which every other page was written.
func scattered(n int) interface{} {
	buffers := make([][]*byte, n)
	for i := range buffers {
		buffers[i] = make([]*byte, 512<<10)
		for k := 0; k < len(buffers[i]); k += 1024 {
			buffers[i][k] = new(byte)
		}
	}
	return buffers
}

// large has buffers of 4 MB, written from end to end.
func large(n int) interface{} {
	buffers := make([][]byte, n)
	for i := range buffers {
		buffers[i] = make([]byte, 4<<20)
		for k := range buffers[i] {
			buffers[i][k] = byte(k)
		}
	}
	return buffers
}

// small has objects of 8 bytes without pointers and of 16 with two.
func small(n int) interface{} {
	type pair struct{ left, right *int }
	pairs := make([]*pair, n)
	for i := range pairs {
		left := i
		pairs[i] = &pair{left: &left}
		if i > 0 {
			pairs[i].right = pairs[i-1].left
		}
	}
	return pairs
}

func documents(n int) interface{} {
	documents := map[string]interface{}{}
	for i := 0; i < n; i++ {
		text := fmt.Sprintf(`{"id": %d, "user": {"name": "user %d", "active": true}, "tags": ["a%d", "b", %d]}`, i, i, i, i)
		var document map[string]interface{}
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			panic(err)
		}
		documents[fmt.Sprint(i)] = document
	}
	return documents
}
