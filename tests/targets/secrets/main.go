// A program full of secrets, wherever one can stand. Each has in it the word behind the argument's equals
// sign, which nobody finds in the program's file. Labels of goroutines, keys and values of maps,
// strings, bytes, boxes, environment and arguments.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"

	"example.com/targets/quiet"
)

type account struct {
	name  string
	token []byte
	note  interface{}
}

type pair struct{ user, password string }

// What holds the secrets, by kind of place. number and the keys of counts are secret, too.
var (
	byName   = map[string]*account{}
	byPair   = map[pair]*account{}
	byAny    = map[interface{}]interface{}{}
	counts   = map[int64]*account{}
	tree     = map[string]interface{}{}
	synced   sync.Map
	password string
	number   int64
	words    []string
	box      interface{}
	requests = make(chan string, 4)
)

func work(ctx context.Context, ready *sync.WaitGroup, a *account) {
	pprof.SetGoroutineLabels(ctx)
	ready.Done()
	<-ctx.Done()
	runtime.KeepAlive(a)
}

func fill(secret string) {
	for i := 0; i < 600; i++ {
		s := strings.Repeat("k", i%7) + secret + string(rune('a'+i%26)) + strings.Repeat("z", i/26)
		a := &account{s, []byte(s), s}
		byName[s] = a
		byPair[pair{s, s}] = &account{name: s}
		byAny[s] = s
		counts[number+int64(i)] = &account{name: s}
		synced.Store(s, &account{name: s})
		tree[s] = map[string]interface{}{s: s, "list": []interface{}{s, []byte(s)}}
		words = append(words, s)
	}
}

func main() {
	secret := os.Args[1][len("token="):]
	password, box, number = strings.ToLower(secret), secret, 7700770077001
	requests <- secret + "-request"
	fill(secret)
	ready := sync.WaitGroup{}
	ready.Add(2)
	labels := pprof.WithLabels(context.Background(), pprof.Labels("tenant", secret+"-value", secret+"-key", "plain"))
	ctx, cancel := context.WithCancel(labels)
	go work(ctx, &ready, byName[words[0]])
	go work(ctx, &ready, byName[words[1]])
	ready.Wait()
	runtime.GC()
	quiet.Say("ready")
	quiet.Wait()
	cancel()
	runtime.KeepAlive(secret)
}
