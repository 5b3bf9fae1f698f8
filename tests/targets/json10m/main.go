// A heap of decoded JSON for benchmarks: nested maps with interface values in one global map.
//
//	json10m [DOCUMENTS]    86,000 documents, the default, are 10 million objects in 1 GB
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

var documents = map[string]map[string]interface{}{}

var description = strings.Repeat("What the customer reads about it. ", 22)

func document(i int) string {
	text := fmt.Sprintf(`{"id": %d, "user": {"name": "user %d", "mail": "user%d@example.com", "active": true}, "items": [`, i, i, i)
	for j := 0; j < 8; j++ {
		if j > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"article": "article %d", "price": %d.25, "tags": ["a%d", "b"], "count": %d, "text": "%s"}`,
			j+i%100, j, i, j, description)
	}
	return text + `]}`
}

func main() {
	n := 86000
	if len(os.Args) > 1 {
		var err error
		if n, err = strconv.Atoi(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	debug.SetGCPercent(200)
	for i := 0; i < n; i++ {
		var d map[string]interface{}
		if err := json.Unmarshal([]byte(document(i)), &d); err != nil {
			panic(err)
		}
		documents[strconv.Itoa(i)] = d
	}
	debug.FreeOSMemory() // collects, and gives back what building it took
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("ready", stats.HeapObjects, "objects", stats.HeapAlloc, "bytes")
	for {
		time.Sleep(time.Hour)
	}
}
