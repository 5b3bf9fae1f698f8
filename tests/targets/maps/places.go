package main

import (
	"fmt"
	"sync"
)

// Maps and sync.Maps in all places that they can be in.
var (
	globalMap  = map[string]interface{}{"in a global": 1000}
	globalTree struct {
		before int
		m      map[int]interface{}
		inner  struct{ m map[string]*point }
	}
	globalArray [3]map[string]int
	globalSync  sync.Map
	globalTable = struct {
		name string
		m    sync.Map
	}{name: "table"}
	globalSyncs [3]sync.Map
)

type server struct {
	name     string
	sessions sync.Map
	routes   map[string]*server
	mu       sync.Mutex
	more     [2]sync.Map
}

type embedded struct {
	sync.Map
	n int
}

var (
	heapServer *server
	servers    []server
	byServer   map[string]*server
	own        *sync.Map
	emb        *embedded
	asAny      interface{}
	inMap      map[int]*sync.Map
	captured   func() *sync.Map
)

func makePlaces() {
	globalTree.m = map[int]interface{}{1: 2000}
	globalTree.inner.m = map[string]*point{"p": {1, 2}}
	for i := range globalArray {
		globalArray[i] = map[string]int{fmt.Sprint(i): i}
	}
	add("global", globalMap)
	add("in a global's field", globalTree.m)
	add("in a global's inner field", globalTree.inner.m)
	add("in a global array", globalArray[1])
	heapServer = &server{name: "one", routes: map[string]*server{"x": {name: "x"}}}
	add("in an object's field", heapServer.routes)
	byServer = map[string]*server{"self": heapServer}
	add("to what holds it", byServer)
}
