// One of everything that a Go heap can hold, then silence. The comparison in tests/oracle reads it
// and afterwards asks it for the runtime's own heap dump.
//
//	oracle DUMPFILE    prints "ready"; then for each line that it reads: dumps, prints its counters
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
	makePluginThings()
	makeGoroutines()
	makeForeignThings()
	parked.Wait()
	quiet.Prepare()
	makeGarbage()
	quiet.Say("ready")
	for {
		quiet.Wait()
		quiet.Dump()
	}
}
