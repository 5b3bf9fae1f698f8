// A logger's writer for each command, never closed: a goroutine that scans its pipe stays.
package main

import (
	"fmt"
	"io"

	"github.com/sirupsen/logrus"
)

func command(i int) {
	w := logrus.WithField("command", i).WriterLevel(logrus.DebugLevel)
	fmt.Fprintln(w, "started")
	if !leaking {
		w.Close()
	}
}

func main() {
	logrus.SetOutput(io.Discard)
	for i := 0; i < 1500; i++ {
		command(i)
	}
	rest()
}
