package main

import (
	"fmt"
	"math"
	"sync"
)

func fill(m *sync.Map, n int) {
	for i := 0; i < n; i++ {
		m.Store(fmt.Sprint("key ", i), i)
	}
}

// promote makes a sync.Map up to Go 1.23 move what it has into the part that is read without a lock.
func promote(m *sync.Map, misses int) {
	for i := 0; i < misses; i++ {
		m.Load("not there")
	}
}

func addSync(name string, m *sync.Map) { add("sync "+name, m) }

func makeSyncMaps() {
	addSync("zero", new(sync.Map))
	looked := new(sync.Map)
	looked.Load("x")
	addSync("looked into", looked)
	for _, n := range []int{1, 2, 8, 17, 100, 3000} {
		stored, promoted, amended, deleted := new(sync.Map), new(sync.Map), new(sync.Map), new(sync.Map)
		gone, again := new(sync.Map), new(sync.Map)
		for _, m := range []*sync.Map{stored, promoted, amended, deleted, gone, again} {
			fill(m, n)
		}
		promote(promoted, n+1)
		promote(amended, n+1)
		promote(deleted, n+1)
		promote(gone, n+1)
		promote(again, n+1)
		amended.Store("new", "one")
		amended.Store("key 0", "other")
		// Deleted, then expunged since another key made the second part anew.
		for i := 0; i < n; i += 2 {
			deleted.Delete(fmt.Sprint("key ", i))
		}
		deleted.Store("behind", 1.5)
		for i := 0; i < n; i++ {
			gone.Delete(fmt.Sprint("key ", i))
			again.Delete(fmt.Sprint("key ", i))
		}
		again.Store("behind", n)
		again.Store("key 0", "again")
		addSync(fmt.Sprint(n, " stored"), stored)
		addSync(fmt.Sprint(n, " promoted"), promoted)
		addSync(fmt.Sprint(n, " amended"), amended)
		addSync(fmt.Sprint(n, " with deleted"), deleted)
		addSync(fmt.Sprint(n, " all deleted"), gone)
		addSync(fmt.Sprint(n, " deleted and stored again"), again)
	}
	nan, nans := new(sync.Map), new(sync.Map)
	for i := 0; i < 40; i++ {
		nan.Store(math.NaN(), i)
		nans.Store(float32(math.NaN()), i)
	}
	promote(nans, 200)
	nans.Store("behind", 1)
	addSync("NaN", nan)
	addSync("NaN promoted", nans)
	kinds := new(sync.Map)
	all := append(boxed(), uncomparable()...)
	for i, v := range all {
		if comparable(v) {
			kinds.Store(v, all[(i*5+1)%len(all)])
		}
		kinds.Store(point{i, i}, v)
	}
	addSync("of every kind", kinds)
	makeSyncPlaces()
}

func makeSyncPlaces() {
	fill(&globalSync, 5)
	globalTable.m.Store("direct", 1)
	globalSyncs[1].Store("direct", 2)
	fill(&globalTable.m, 6)
	fill(&globalSyncs[1], 7)
	globalSyncs[2].Store("direct", 3)
	fill(&globalSyncs[2], 8)
	fill(&heapServer.sessions, 9)
	fill(&heapServer.more[1], 10)
	servers = make([]server, 5)
	for i := range servers {
		fill(&servers[i].sessions, 11+i)
		addSync(fmt.Sprint("in element ", i), &servers[i].sessions)
	}
	own = new(sync.Map)
	fill(own, 12)
	emb = &embedded{n: 1}
	fill(&emb.Map, 13)
	boxedSync := new(sync.Map)
	fill(boxedSync, 14)
	asAny = boxedSync
	inMap = map[int]*sync.Map{1: new(sync.Map)}
	fill(inMap[1], 15)
	var local sync.Map
	fill(&local, 16)
	captured = func() *sync.Map { return &local }
	addSync("global", &globalSync)
	addSync("in a global's field", &globalTable.m)
	addSync("in a global array", &globalSyncs[1])
	addSync("in a global array, last", &globalSyncs[2])
	addSync("in an object's field", &heapServer.sessions)
	addSync("in an object's array", &heapServer.more[1])
	addSync("of its own", own)
	addSync("embedded", &emb.Map)
	addSync("in an interface", boxedSync)
	addSync("in a map", inMap[1])
	addSync("captured", &local)
}
