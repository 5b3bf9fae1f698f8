// Makes any Go program stand still on a signal, and then say what the runtime holds to be in its
// heap. The comparison in tests/oracle adds this file to a main package with `go build -overlay`; the
// program's own source stays as it is.
//
//	ORACLE_FOLDER=/some/folder ORACLE_SIGNAL=50 program ...
//
// The signal (a real-time one: programs have uses of their own for the others) freezes the program
// with all its garbage, writes what runtime.Stack prints to FOLDER/stacks, the slots that a collection
// empties before it marks (those of pools' second lists) to FOLDER/pools, and stops the process.
// SIGCONT lets it go on: it collects, writes FOLDER/dump and its counters to FOLDER/counters, and stops
// again. Nothing of the program runs in between, nor after. Each further SIGCONT dumps anew.
//
// Frozen is what the collector itself does to a program in its stop-the-world modes: the scheduler
// runs no goroutines but the runtime's own (proc.go, schedEnableUser), to which the goroutine here
// belongs by its name. Its memory is static, so that it changes nothing. The clock almost stands still as
// well, a little in the past: a timer that has expired would run inside the collection. The end of a
// collection's marking lets all run again (mgc.go, gcMarkDone), but asks for the time before anything
// does: the clock takes it back.
package main

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"
)

//go:linkname oracleSchedule runtime.schedEnableUser
func oracleSchedule(user bool)

// Addresses, from still_amd64.s.
var (
	oracleClock      *uintptr       // the clock_gettime that the runtime and package time ask
	oracleStillClock uintptr        // one that always says oracleTime
	oracleSched      *[256]byte     // the beginning of the scheduler's state
	oraclePools      *[]*[5]uintptr // sync.oldPools; a pool's second list is its word 2, victim
)

var (
	oracleSignals = make(chan os.Signal, 1)
	oracleTime    syscall.Timespec
	oracleFrozen  *byte // sched.disable.user
	oracleStats   runtime.MemStats
	oracleStacks  [4 << 20]byte
	oracleFiles   = map[string]int{"stacks": 0, "pools": 0, "dump": 0, "counters": 0}
	oracleLine    [40]byte
)

func init() {
	folder, number := os.Getenv("ORACLE_FOLDER"), os.Getenv("ORACLE_SIGNAL")
	n, err := strconv.Atoi(number)
	if folder == "" || err != nil {
		return
	}
	for name := range oracleFiles {
		fd, err := syscall.Open(folder+"/"+name,
			syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC|syscall.O_CLOEXEC, 0600)
		if err != nil {
			panic(err)
		}
		oracleFiles[name] = fd
	}
	signal.Notify(oracleSignals, syscall.Signal(n))
	go oracleLoop()
}

// The name is what makes it one of the runtime's own goroutines (traceback.go, isSystemGoroutine).
//
//go:linkname oracleLoop runtime.oracleLoop
func oracleLoop() {
	<-oracleSignals
	debug.SetGCPercent(-1) // also waits for the end of a collection
	oracleFrozen = oracleFindFrozen()
	oracleSchedule(false)
	runtime.Stack(oracleStacks[:], true) // stops the world: what still ran is put aside
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&oracleTime)), 0)
	oracleTime.Sec -= 10
	*oracleClock = oracleStillClock
	oracleWrite("stacks", oracleStacks[:runtime.Stack(oracleStacks[:], true)])
	oracleSlots()
	oracleStop()
	runtime.GC()
	for {
		oracleEmpty("dump")
		debug.WriteHeapDump(uintptr(oracleFiles["dump"]))
		runtime.ReadMemStats(&oracleStats)
		oracleEmpty("counters")
		oracleCounters()
		oracleStop()
	}
}

// oracleFindFrozen finds the byte of the scheduler's state that says that user goroutines do not run:
// the one that is 1 whenever they do not and 0 whenever they do. Its place differs between versions.
func oracleFindFrozen() *byte {
	var free, frozen [len(oracleSched)]byte
	var wrong [len(oracleSched)]bool
	for try := 0; try < 20; try++ {
		oracleSchedule(false)
		frozen = *oracleSched
		oracleSchedule(true)
		free = *oracleSched
		for i := range wrong {
			wrong[i] = wrong[i] || frozen[i] != 1 || free[i] != 0
		}
	}
	found := -1
	for i := range wrong {
		if !wrong[i] && found >= 0 {
			panic("the scheduler's switch is not found")
		}
		if !wrong[i] {
			found = i
		}
	}
	return &oracleSched[found]
}

// oracleStop stops the process. The call is made directly: for the runtime this goroutine runs on,
// and the scheduler has no reason to look for another.
func oracleStop() {
	pid, _, _ := syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
	tid, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	syscall.RawSyscall(syscall.SYS_TGKILL, pid, tid, uintptr(syscall.SIGSTOP))
}

func oracleEmpty(name string) {
	syscall.Ftruncate(oracleFiles[name], 0)
	syscall.Seek(oracleFiles[name], 0, 0)
}

func oracleWrite(name string, text []byte) {
	for len(text) > 0 {
		n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(oracleFiles[name]),
			uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
		if e != 0 {
			return
		}
		text = text[n:]
	}
}

// oracleSlots writes the addresses that poolCleanup in sync/pool.go clears.
func oracleSlots() {
	slot := uintptr(unsafe.Pointer(oraclePools))
	for i := 0; ; i++ {
		oracleWrite("pools", (*[8]byte)(unsafe.Pointer(&slot))[:])
		if i == len(*oraclePools) {
			return
		}
		slot = uintptr(unsafe.Pointer(&(*oraclePools)[i][2]))
	}
}

// oracleCounters writes one line each, without allocating.
func oracleCounters() {
	oracleCounter("HeapAlloc", oracleStats.HeapAlloc)
	oracleCounter("HeapObjects", oracleStats.HeapObjects)
	oracleCounter("Mallocs", oracleStats.Mallocs)
	oracleCounter("Frees", oracleStats.Frees)
	oracleCounter("NumGC", uint64(oracleStats.NumGC))
	oracleCounter("Goroutines", uint64(runtime.NumGoroutine()))
}

func oracleCounter(name string, value uint64) {
	line := append(oracleLine[:0], name...)
	line = strconv.AppendUint(append(line, ' '), value, 10)
	oracleWrite("counters", append(line, '\n'))
}
