// Package quiet lets a test program stand still while goretain reads it, and then say what the
// runtime itself holds to be in the heap.
//
// Still means: no goroutine runs, nothing is allocated and no collection begins. The main goroutine
// waits in a blocking read of standard input, made directly and not through a file of package os,
// whose poller would park it and would need a thread to wake it. The runtime sees a system call,
// takes the processor away within a few milliseconds, and then its monitor thread sleeps as well.
// (A process that stops itself with SIGSTOP is just as quiet, but may be caught with the processor
// still attached, and only a signal, which itself changes the process, brings it on.)
package quiet

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

var (
	line     [64]byte
	stats    runtime.MemStats
	dumpFile uintptr
	number   [20]byte
	stacks   [1 << 24]byte
)

// Prepare opens the file that the heap dump will be written to (the first argument) and collects
// some times, so that nothing is left to sweep, pools are empty and stacks have shrunk. The last
// one gives memory back to the system, so that the background scavenger has nothing left to do. From
// here on the collector is off.
func Prepare() {
	if len(os.Args) > 1 {
		fd, err := syscall.Open(os.Args[1], syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0600)
		if err != nil {
			panic(err)
		}
		dumpFile = uintptr(fd)
	}
	debug.SetGCPercent(-1)
	Settle()
	collectAndFinalize()
	collectAndFinalize()
	debug.FreeOSMemory()
}

// collectAndFinalize collects, and waits until a finalizer has run: by the second time all of the
// first time's have. What a finalizer still worked on would survive the last collection by chance.
func collectAndFinalize() {
	ran := make(chan struct{})
	runtime.SetFinalizer(new([32]byte), func(*[32]byte) { close(ran) })
	runtime.GC()
	<-ran
}

// Settle waits until no goroutine of the program but this one runs or could: each is where it will
// stay. (The runtime's own goroutines are not seen here; who compares must see to them.)
func Settle() {
	for {
		all := stacks[:runtime.Stack(stacks[:], true)]
		if len(all) < len(stacks) && bytes.Count(all, []byte(" [running")) == 1 &&
			!bytes.Contains(all, []byte(" [runnable")) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Say writes a line without allocating.
func Say(text string) {
	n := copy(line[:len(line)-1], text)
	line[n] = '\n'
	syscall.Write(1, line[:n+1])
}

// Wait stands still until a line comes; the end of the input ends the program.
//
//go:noinline
func Wait() {
	for {
		n, err := syscall.Read(0, line[:])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			os.Exit(0)
		}
		if line[n-1] == '\n' {
			return
		}
	}
}

// Dump writes the heap dump, in place of an earlier one, and then the counters as one line of JSON.
// Nothing is allocated.
func Dump() {
	syscall.Ftruncate(int(dumpFile), 0)
	syscall.Seek(int(dumpFile), 0, 0)
	debug.WriteHeapDump(dumpFile)
	runtime.ReadMemStats(&stats)
	say("{\"HeapAlloc\":", stats.HeapAlloc)
	say(",\"HeapObjects\":", stats.HeapObjects)
	say(",\"NumGC\":", uint64(stats.NumGC))
	say(",\"HeapInuse\":", stats.HeapInuse)
	say(",\"Mallocs\":", stats.Mallocs)
	say(",\"Goroutines\":", uint64(runtime.NumGoroutine()))
	Say("}")
}

func say(name string, value uint64) {
	i := len(number)
	for {
		i--
		number[i] = byte('0' + value%10)
		if value /= 10; value == 0 {
			break
		}
	}
	n := copy(line[:], name)
	n += copy(line[n:], number[i:])
	syscall.Write(1, line[:n])
}
