// What all leaks share: waiting, and standing still for who looks. It is copied beside each main.go
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// until waits for a condition, for at most ten seconds.
func until(holds func() bool) {
	for i := 0; i < 1000 && !holds(); i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

// rest says what the heap holds after two collections, and waits until its input ends. What it is given stays alive.
func rest(kept ...interface{}) {
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println("ready", m.HeapAlloc, m.StackInuse)
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(kept)
}
