//go:build cgo

package main

/*
#include <pthread.h>
#include <unistd.h>

extern void back(int);

static void call(int level) { back(level); }

static void block(void)
{
	char c;
	int ends[2];

	if (pipe(ends) == 0 && read(ends[0], &c, 1) == 1)
		back(-1);
}

static void *thread(void *level)
{
	back((int)(long)level);
	block();
	return 0;
}

static void start_thread(int level)
{
	pthread_t t;

	pthread_create(&t, 0, thread, (void *)(long)level);
}
*/
import "C"

import "runtime"

// back is called by C. Below 0 it returns, at 0 it waits, and above it calls C once more.
//
//export back
func back(level C.int) {
	held, lost := waste(), waste()
	use(lost)
	switch {
	case level >= 200: // waits while a panic goes through C
		defer func() { stop() }()
		var none *node
		use(held, none.left)
	case level >= 100: // waits in a deferred call, beside C frames of its own
		defer func() { C.call(level - 100) }()
		use(waste())
	case level > 0:
		C.call(level - 1)
	case level == 0:
		stop()
	}
	use(held)
}

// startC waits in C, in Go that C called, some levels deep, and on threads that C started.
func startC() {
	for level := 0; level < 4; level++ {
		level := C.int(level)
		start(func() { held := waste(); C.call(level); use(held) })
		start(func() { held := waste(); C.call(level + 100); use(held) })
		parked.Add(1)
		C.start_thread(level)
	}
	start(func() { held := waste(); C.call(200); use(held) })
	parked.Add(1)
	C.start_thread(102)
	C.start_thread(-1)
	start(func() {
		held, lost := waste(), waste()
		use(lost)
		parked.Done()
		C.block()
		use(held)
	})
	start(func() {
		runtime.LockOSThread()
		held := waste()
		C.call(1)
		use(held)
	})
}
