// Memory of one kind that is resident, or is not: what takes it is known to the program.
//
//	resident KIND [FILE]    prints "ready"; for each line that it reads: what the runtime says of its
//	                        memory, and bytes that it has elsewhere, as JSON
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

const page = 4096

var (
	kept    [][]byte
	mapped  []byte // by syscall.Mmap
	private []byte
	stop    = make(chan int)
	reached = make(chan int)
	rows    []*[3000]byte

	// own are bytes that the program has outside the runtime's memory, by what they are.
	own = map[string]int{}
)

func touch(bytes []byte) []byte {
	for i := 0; i < len(bytes); i += page {
		bytes[i] = 1
	}
	return bytes
}

// freed leaves a heap of which nothing is used any more, and which nobody gives back.
func freed() {
	debug.SetGCPercent(-1)
	for i := 0; i < 200; i++ {
		kept = append(kept, touch(make([]byte, 1<<20)))
	}
	kept = nil
}

// pinned leaves one object of many in each span.
func pinned() {
	debug.SetGCPercent(-1)
	var all []*[3000]byte
	for i := 0; i < 40000; i++ {
		all = append(all, new([3000]byte))
		all[i][1], all[i][2999] = 1, 1
	}
	for i := 0; i < len(all); i += 8 {
		rows = append(rows, all[i])
	}
}

//go:noinline
func descend(n int) byte {
	var frame [1 << 10]byte
	for i := range frame {
		frame[i] = byte(n + i)
	}
	if n == 0 {
		reached <- 1
		<-stop
		return frame[7]
	}
	return descend(n-1) + frame[n%len(frame)]
}

// deep has one goroutine on a stack of 128 MB, of which it has reached the half.
func deep() {
	go descend(1 << 16)
	<-reached
	debug.FreeOSMemory() // the stacks that it had before
}

// small has very many goroutines that have hardly begun.
func small() {
	for i := 0; i < 50000; i++ {
		go func() { reached <- 1; <-stop }()
	}
	for i := 0; i < 50000; i++ {
		<-reached
	}
}

// grown has a few hundred with larger stacks.
func grown() {
	for i := 0; i < 500; i++ {
		go descend(50)
	}
	for i := 0; i < 500; i++ {
		<-reached
	}
}

// untouched has large objects that nobody ever wrote to, and reads one, which gives it pages of zeros.
func untouched() {
	for i := 0; i < 2000; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
	sum := 0
	for i := 0; i < 1<<20; i += page {
		sum += int(kept[0][i])
	}
	touch(kept[1999])
	own["sum"] = sum
}

// mapFile maps 64 MB of a file, to read and again to write for itself alone, and changes a quarter of that.
func mapFile() {
	const size = 64 << 20
	file, err := os.OpenFile(os.Args[2], os.O_CREATE|os.O_RDWR, 0o600)
	check(err)
	_, err = file.WriteAt(touch(make([]byte, size)), 0)
	check(err)
	mapped, err = syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	private, err = syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	check(err)
	for i := 0; i < size; i += page {
		own["sum"] += int(mapped[i])
	}
	touch(private[:size/4])
	debug.FreeOSMemory()
}

// mapMemory has 100 MB that the runtime knows nothing of.
func mapMemory() {
	var err error
	mapped, err = syscall.Mmap(-1, 0, 100<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	touch(mapped)
	own["other memory"] = len(mapped)
}

// share has memory that it could share with others.
func share() {
	var err error
	mapped, err = syscall.Mmap(-1, 0, 50<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
	check(err)
	touch(mapped)
	own["other memory"] = len(mapped)
}

// maps has very many spans and specials, which the runtime keeps records of.
func records() {
	for i := 0; i < 300000; i++ {
		kept = append(kept, make([]byte, 1000))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	kinds := map[string]func(){
		"freed": freed, "pinned": pinned, "deep": deep, "small": small, "grown": grown,
		"untouched": untouched, "file": mapFile, "mapped": mapMemory, "shared": share, "records": records,
	}
	kinds[os.Args[1]]()
	runtime.GC() // once: by a second one the runtime would know that it can give back what is free
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		m.BySize = [61]struct {
			Size    uint32
			Mallocs uint64
			Frees   uint64
		}{}
		m.PauseNs, m.PauseEnd = [256]uint64{}, [256]uint64{}
		text, err := json.Marshal(map[string]interface{}{"runtime": m, "own": own})
		check(err)
		fmt.Println(string(text))
	}
}
