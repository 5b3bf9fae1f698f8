// One of everything that a Go heap can hold, then silence. The comparison in tests/oracle reads it
// and afterwards asks it for the runtime's own heap dump.
//
//	oracle DUMPFILE    prints "ready", waits for a line, dumps, prints its counters, waits again
package main

import (
	"sync"

	"example.com/targets/quiet"
)

// kept holds what is made here; nothing else is a root but for the globals that make their own.
var kept []interface{}

func keep(values ...interface{}) { kept = append(kept, values...) }

// parked counts goroutines that have yet to reach the place where they wait.
var parked sync.WaitGroup

func main() {
	makeValues()
	makeMaps()
	makeRuntimeThings()
	makeNewerThings()
	makeGoroutines()
	parked.Wait()
	settle()
	quiet.Prepare()
	makeGarbage()
	quiet.Say("ready")
	quiet.Wait()
	quiet.Dump()
	quiet.Wait()
}
