//go:build cgo
// +build cgo

package main

// #include <pthread.h>
// #include <unistd.h>
//
// extern void parkedInGo(int);
//
// static int in_c(int fd) { char c; parkedInGo(0); return (int)read(fd, &c, 1); }
// static void through_c(int level) { parkedInGo(level); }
// static void *thread(void *level) { parkedInGo((int)(long)level); return 0; }
// static int threads(int n)
// {
// 	pthread_t id;
// 	while (n > 0 && !pthread_create(&id, 0, thread, (void *)(long)n))
// 		n--;
// 	return n;
// }
import "C"

import (
	"fmt"
	"os"
	"runtime/cgo"
)

// makeForeignThings has goroutines that wait in C, in Go called by C called by Go, and on threads
// that C made.
func makeForeignThings() {
	n := &node{name: "held by a handle"}
	keep(cgo.NewHandle(n))
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	keep(reader, writer)
	fd := C.int(reader.Fd())
	start(func() { n := &node{name: "in C"}; C.in_c(fd); use(n) })
	start(func() { n := &node{name: "through C"}; C.through_c(1); use(n) })
	start(func() { n := &node{name: "twice through C"}; C.through_c(3); use(n) })
	parked.Add(2)
	if C.threads(2) != 0 {
		panic("no thread")
	}
}

// callback is what C calls. LEVEL 0 returns to C, 1 and 2 wait, more go through C once again.
func callback(level int) {
	n := &node{name: fmt.Sprint("called back ", level)}
	switch {
	case level == 0:
		parked.Done()
	case level > 2:
		C.through_c(C.int(level - 2))
	default:
		stop()
	}
	use(n)
}
