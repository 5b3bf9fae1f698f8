// A plugin for the oracle's program: another module with types, globals, functions and frames of its
// own.
package main

import (
	"fmt"
	"strings"
	"time"
)

type leaf struct {
	next   *leaf
	text   string
	number int
	any    interface{}
}

type broad struct {
	pad   [80]int
	first *leaf
	names []string
	tail  [9]byte
}

type namer interface{ name() string }

func (l *leaf) name() string { return l.text }

var (
	GlobalLeaf   *leaf
	GlobalMap    = map[string]*leaf{}
	globalNamers = map[interface{}]namer{}
	globalData   = &broad{names: []string{"in", "data"}}
	globalStruct struct {
		a int
		b *leaf
		c []broad
		d func() string
	}
	globalArray [30]*leaf
)

//go:noinline
func use(values ...interface{}) {
	if len(values) > 1000 {
		GlobalLeaf = nil
	}
}

// Values makes this plugin's objects; some are returned, most are held by its globals.
func Values(stop func(), other interface{}) []interface{} {
	for i := 0; i < 200; i++ {
		l := &leaf{next: GlobalLeaf, text: strings.Repeat("x", i%20), number: i, any: other}
		GlobalLeaf = l
		GlobalMap[fmt.Sprint("leaf ", i)] = l
		globalNamers[i] = l
		globalNamers[fmt.Sprint(i)] = &leaf{number: i}
		globalArray[i%30] = &leaf{next: l, any: int32(i + 1000)}
	}
	globalStruct.b = GlobalLeaf
	globalStruct.c = make([]broad, 3)
	globalStruct.c[2].first = &leaf{text: "in a slice"}
	captured := map[string]interface{}{"leaf": GlobalLeaf, "broad": &broad{first: GlobalLeaf}}
	globalStruct.d = func() string { return fmt.Sprint(captured["leaf"], stop != nil) }
	return []interface{}{&broad{first: &leaf{}}, new([5000]*leaf), make(chan leaf, 3), GlobalLeaf.name,
		func() int { return captured["leaf"].(*leaf).number }, struct{ l *leaf }{GlobalLeaf},
		time.AfterFunc(60*time.Hour, func() { use(captured) }), map[leafKey]broad{{1, "k"}: {}}}
}

type leafKey struct {
	a int
	b string
}

//go:noinline
func deep(depth int, stop func(), above **leaf) {
	local := &leaf{number: depth}
	array := [3]*leaf{local}
	taken := &array
	if depth == 0 {
		stop()
	} else {
		deep(depth-1, stop, &taken[depth%3])
	}
	use(local, *above, array[0])
}

// Starts returns what the program runs in goroutines of their own.
func Starts(stop func(), other interface{}) []func() {
	return []func(){
		func() { l := &leaf{text: "frame"}; stop(); use(l, other) },
		func() { l := &leaf{}; deep(20, stop, &l) },
		func() { l := &leaf{text: "deferred"}; defer func() { stop(); use(l) }(); panic(recover()) },
		func() {
			for key, value := range GlobalMap {
				stop()
				use(key, value)
			}
		},
	}
}

func main() {}
