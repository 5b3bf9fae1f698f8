//go:build go1.25

package main

import "sync"

var group sync.WaitGroup

func grouped() { <-make(chan int) }

func started() { group.Go(grouped) }
