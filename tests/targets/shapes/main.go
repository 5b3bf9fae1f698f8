// Heaps of extreme shapes, to see that time and memory grow with them and no faster.
//
//	shapes MODE N    makes N of what MODE says, prints "ready" with its resident bytes, and waits
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// modes are the shapes; what they return is kept in a global.
var modes = map[string]func(n int) interface{}{
	"sparse":     sparse,
	"scattered":  scattered,
	"huge":       huge,
	"large":      large,
	"small":      small,
	"json":       documents,
	"maps":       mapOfMaps,
	"onemap":     oneMap,
	"list":       list,
	"pointers":   pointers,
	"elements":   elements,
	"suffixes":   suffixes,
	"substrings": substrings,
	"wide":       wide,
	"deep":       deep,
	"boxes":      boxes,
	"closures":   closures,
	"contexts":   contexts,
	"goroutines": goroutines,
	"waiters":    waiters,
	"frames":     frames,
	"defers":     defers,
	"stackmaps":  stackMaps,
	"timers":     timers,
	"finalizers": finalizers,
	"syncmap":    syncMap,
	"channel":    channel,
	"mappings":   mappings,
	"arena":      arenas,
}

var kept interface{}

// resident is how much of this process is in memory, in bytes.
func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

func main() {
	if len(os.Args) != 3 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: shapes MODE N")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	kept = modes[os.Args[1]](n)
	debug.FreeOSMemory() // collects, and gives back what building it took
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("ready", stats.HeapObjects, "objects", stats.HeapAlloc, "bytes", resident(), "resident")
	for {
		time.Sleep(time.Hour)
	}
}
