package main

import (
	"sync"
	"unsafe"
)

var (
	victims, locals sync.Pool
	unlike          = sync.Pool{New: func() interface{} { return new(mark) }}
)

func pointer(p interface{}) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&p))[1] }

// put puts more into a pool than its private slot and the first ring of its chain hold.
func put(pool *sync.Pool, name string) {
	for i := 0; i < 30; i++ {
		pool.Put(newPair(name))
	}
	pool.Put(text(name + ".string"))
	pool.Put(newFlat(name + ".flat"))
}

// makePools fills pools before the collection that makes their contents victims.
func makePools() {
	put(&victims, "victim")
	dropped := new(sync.Pool)
	put(dropped, "dropped.victim")
}

// fillPools fills pools after it.
func fillPools() {
	put(&locals, "local")
	unlike.Put(newPair("pool.taken"))
	unlike.Get()
	unlike.Put(newPair("local.new"))
	dropped := new(sync.Pool)
	put(dropped, "dropped.local")
}
