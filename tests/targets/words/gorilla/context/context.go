// Package context is called as one of the standard library's.
package context

type Bag struct {
	Name string
	Data []byte
}

var Bags = map[string]*Bag{}

func Put(name string, n int) { Bags[name] = &Bag{name, make([]byte, n)} }
