package main

import (
	"fmt"
	"math"
	"time"
)

type fatKey [200]byte
type fatValue [50]*node

type mixedKey struct {
	a interface{}
	b string
	c float64
}

var (
	mapNil     map[string]int
	mapEmpty   = map[string]int{}
	mapLarge   = map[string]*node{}
	mapNumbers = map[int64]int64{}
	mapAny     = map[interface{}]interface{}{}
	mapJSON    map[string]interface{}
	mapStruct  = struct{ inner map[string]map[int]string }{map[string]map[int]string{}}
)

func makeMaps() {
	makeSmallMaps()
	makeLargeMaps()
	makeGrowingMaps()
	mapJSON = jsonTree(4)
	keep(map[float64]string{math.NaN(): "a", math.NaN(): "b", math.Inf(1): "c", 0: "d"})
	for i := 0; i < 20; i++ {
		nan := map[float64]interface{}{}
		for j := 0; j < i; j++ {
			nan[math.NaN()] = j
		}
		keep(nan)
	}
}

func makeSmallMaps() {
	keep(map[string]int{"a": 1, "b": 2}, map[int]struct{}{1: {}}, map[struct{}]int{{}: 1}, map[bool]bool{true: false},
		map[[2]string]*node{{"a", "b"}: globalTree}, map[string]func() string{"f": func() string { return globalText }},
		map[*node]bool{globalTree: true}, map[chan int]string{make(chan int, 3): "c"},
		map[time.Duration][]string{time.Hour: {"x", "y"}}, mapNil, mapEmpty, make(map[int]int, 100))
	for n := 0; n < 20; n++ {
		m := make(map[int]string)
		for i := 0; i < n; i++ {
			m[i] = fmt.Sprint("value ", i)
		}
		mapStruct.inner[fmt.Sprint(n)] = m
	}
}

func makeLargeMaps() {
	for i := 0; i < 3000; i++ {
		mapLarge[fmt.Sprint("key", i)] = &node{value: i}
	}
	for i := int64(0); i < 5000; i++ {
		mapNumbers[i] = i * i
	}
	for i := 0; i < 500; i++ {
		mapAny[i] = fmt.Sprint(i)
		mapAny[fmt.Sprint(i)] = i
		mapAny[mixedKey{i, "m", float64(i)}] = &node{value: i}
		mapAny[[2]int{i, i}] = nil
	}
	fat, values := map[fatKey]int{}, map[int]fatValue{}
	both := map[fatKey]fatValue{}
	for i := 0; i < 50; i++ {
		var k fatKey
		k[0] = byte(i)
		var v fatValue
		v[i%50] = globalTree
		fat[k], values[i], both[k] = i, v, v
	}
	keep(fat, values, both)
}

// makeGrowingMaps has one map for each size up to where it must have grown several times, some with
// entries deleted again: old buckets not yet moved, tombstones, split tables.
func makeGrowingMaps() {
	for n := 1; n <= 2100; n += 1 + n/9 {
		strings, pointers := map[string]string{}, map[int]*node{}
		for i := 0; i < n; i++ {
			strings[fmt.Sprint("k", i)] = fmt.Sprint("v", i)
			pointers[i] = &node{value: i}
		}
		for i := 0; i < n; i += 3 {
			delete(pointers, i)
		}
		cleared := map[int]interface{}{}
		for i := 0; i < n; i++ {
			cleared[i] = i
		}
		for i := range cleared {
			delete(cleared, i)
		}
		keep(strings, pointers, cleared)
	}
}

func jsonTree(depth int) map[string]interface{} {
	m := map[string]interface{}{"id": float64(depth), "name": fmt.Sprint("node ", depth), "ok": true, "none": nil}
	if depth > 0 {
		var list []interface{}
		for i := 0; i < 5; i++ {
			list = append(list, jsonTree(depth-1))
		}
		m["children"] = list
	}
	return m
}
