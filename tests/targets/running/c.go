//go:build cgo

package main

/*
#include <pthread.h>

extern void back(int);

static void call(int i) { back(i); }

static void nothing(void)
{
	for (volatile int k = 0; k < 100; k++)
		;
}

static void *thread(void *i)
{
	for (;;) {
		nothing();
		back((int)(long)i);
	}
	return 0;
}

static void start_thread(int i)
{
	pthread_t t;

	pthread_create(&t, 0, thread, (void *)(long)i);
}
*/
import "C"

import "runtime"

func init() {
	works["spinC"] = spinC
	works["spinBack"] = spinBack
	works["back main._Cfunc_call main.spinInBack"] = spinInBack
	works["spinThread"] = spinThread
}

// What C's calls of back find: the object that the caller has there, or a tale to tell and spin.
var (
	boxes  [2]*thing
	teller = make(chan *tale, 1)
)

// back is called by C.
//
//export back
func back(i C.int) {
	if i < 0 {
		spinHere(<-teller)
	}
	p := boxes[i]
	boxes[i] = nil
	p = passNew(passOn(p, 3))
	boxes[i] = p
}

func spinHere(t *tale) {
	p := t.make("in Go that C called")
	t.spin()
	for {
		p = passNew(p)
	}
}

//go:noinline
func passC(p *thing) *thing {
	C.nothing()
	return p
}

// spinC calls C.
//
//go:noinline
func spinC(t *tale) {
	p := t.make("beside calls of C")
	t.spin()
	for {
		p = passC(p)
	}
}

// spinBack calls C that calls Go.
//
//go:noinline
func spinBack(t *tale) {
	boxes[0] = fresh()
	t.tell('B', boxes[0], "in calls of Go from C")
	t.spin()
	for {
		C.call(0)
	}
}

// spinInBack spins in Go that C called, on a thread of its own.
//
//go:noinline
func spinInBack(t *tale) {
	runtime.LockOSThread()
	teller <- t
	C.call(-1)
}

// spinThread has a thread of C's call Go.
//
//go:noinline
func spinThread(t *tale) {
	boxes[1] = fresh()
	t.tell('B', boxes[1], "in calls from a thread of C's")
	C.start_thread(1)
	t.spin()
	for {
		runtime.Gosched()
	}
}
