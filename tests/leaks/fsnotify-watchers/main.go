// A watcher for each file is never closed: the goroutine that reads has a stack of its buffer's size.
package main

import (
	"os"

	"github.com/fsnotify/fsnotify"
)

func watch(path string) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		panic(err)
	}
	watcher.Add(path)
	if !leaking {
		watcher.Close()
	}
}

func main() {
	for i := 0; i < 60; i++ {
		watch(os.TempDir())
	}
	rest()
}
