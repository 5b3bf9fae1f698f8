//go:build go1.25
// +build go1.25

package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// makeBubble has a bubble with a time of its own, which stands still: it waits for what comes from
// outside of it.
func makeBubble() {
	bubble := func(t *testing.T) {
		m := newPair("bubble.timer")
		time.AfterFunc(100*time.Hour, func() { use(m) })
		parked.Done()
		<-never
	}
	start(func() { // it never ends
		testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{
			{Name: "bubble", F: func(t *testing.T) { synctest.Test(t, bubble) }}}, nil, nil)
	})
}
