//go:build go1.24

package main

import (
	"iter"
	"runtime"
)

func lines(document []byte) iter.Seq[byte] {
	return func(yield func(byte) bool) {
		for _, c := range document {
			if !yield(c) {
				return
			}
		}
	}
}

func pairs(document []byte) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		deeper(document, yield)
	}
}

//go:noinline
func deeper(document []byte, yield func(int, byte) bool) {
	for i, c := range document {
		if !yield(i, c) {
			return
		}
	}
}

// forget is a cleanup that never comes to its end.
func forget(data []byte) {
	<-make(chan int)
	runtime.KeepAlive(data)
}

func newer() {
	for i := 0; i < 5; i++ {
		next, _ := iter.Pull(lines(make([]byte, 2000)))
		next()
	}
	next, _ := iter.Pull2(pairs(make([]byte, 2000)))
	next()
	started()
	runtime.AddCleanup(&handle{make([]byte, 100)}, forget, make([]byte, 60000))
}
