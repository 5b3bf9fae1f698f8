// A server with a heartbeat: "gap" on its port answers with the largest gap between two beats since
// the last question, in microseconds. Holds as many megabytes as its argument says.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

var largest atomic.Int64

func beat() {
	last := time.Now()
	for range time.Tick(time.Millisecond) {
		now := time.Now()
		if gap := now.Sub(last).Microseconds(); gap > largest.Load() {
			largest.Store(gap)
		}
		last = now
	}
}

func answer(c net.Conn) {
	defer c.Close()
	for lines := bufio.NewScanner(c); lines.Scan(); {
		fmt.Fprintln(c, largest.Swap(0))
	}
}

func main() {
	megabytes, _ := strconv.Atoi(os.Args[1])
	held := make([][]byte, megabytes)
	for i := range held {
		held[i] = make([]byte, 1<<20)
		for j := 0; j < len(held[i]); j += 512 {
			held[i][j] = byte(i)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go beat()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		c, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go answer(c)
	}
}
