// Package store is called as another one beside it.
package store

type Record struct {
	Key   string
	Value []byte
}

var Records []*Record

func Add(key string, n int) { Records = append(Records, &Record{key, make([]byte, n)}) }

// Park never ends.
func Park() {
	record := &Record{"parked", make([]byte, 3000)}
	select {}
	_ = record
}
