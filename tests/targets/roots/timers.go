package main

import (
	"context"
	"net"
	"time"
)

type key string

func makeTimers() {
	makeFuncs()
	makeTickers()
	makeContexts()
	makeDeadlines()
	parked.Wait()
}

func makeFuncs() {
	m := newPair("timer.func")
	time.AfterFunc(100*time.Hour, func() { use(m) })
	stopped := newPair("timer.stopped")
	time.AfterFunc(101*time.Hour, func() { use(stopped) }).Stop()
	reset := newPair("timer.reset")
	t := time.AfterFunc(102*time.Hour, func() { use(reset) })
	t.Stop()
	t.Reset(103 * time.Hour)
	start(func() {
		own := newPair("timer.sleep")
		parked.Done()
		time.Sleep(104 * time.Hour)
		use(own)
	})
}

// stopTimer leaves a timer that was stopped a moment ago: it keeps its place among the others until
// they are a quarter of all.
func stopTimer() {
	for i := 0; i < 40; i++ {
		time.AfterFunc(300*time.Hour, func() {})
	}
	m := newPair("timer.late")
	time.AfterFunc(200*time.Hour, func() { use(m) }).Stop()
}

// A ticker's and a timer's channel hold nothing but numbers: they are marked themselves.
func makeTickers() {
	running, stopped := time.NewTicker(105*time.Hour), time.NewTicker(106*time.Hour)
	stopped.Stop()
	kept = append(kept, running)
	registerPlain("ticker.held", running)
	registerPlain("ticker.stopped", stopped)
	registerPlain("ticker.dropped", time.NewTicker(107*time.Hour))
	registerPlain("timer.dropped", time.NewTimer(108*time.Hour))
	waiting := time.NewTimer(109 * time.Hour)
	registerPlain("timer.waiting", waiting)
	c := waiting.C
	start(func() { parked.Done(); <-c })
}

// registerPlain registers an object that cannot carry its number.
func registerPlain(name string, x interface{}) { register("plain."+name, pointer(x)) }

func makeContexts() {
	value := newPair("context.value")
	parent := context.WithValue(context.Background(), key("k"), value)
	context.WithTimeout(parent, 110*time.Hour) // never cancelled
	done, cancel := context.WithTimeout(context.WithValue(context.Background(), key("k"),
		newPair("context.cancelled")), 111*time.Hour)
	cancel()
	use(done)
}

// A connection with a deadline that nobody holds: the timer stands in the poller's own record.
func makeDeadlines() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	conn.SetDeadline(time.Now().Add(112 * time.Hour))
	kept = append(kept, conn)
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(113 * time.Hour))
	start(func() {
		m := newPair("poll.waits")
		b := make([]byte, 10)
		first, err := listener.Accept()
		parked.Done()
		second, err := listener.Accept()
		use(first, second, err, b, m)
	})
}
