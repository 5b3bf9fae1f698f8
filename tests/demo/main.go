// A small service with the three leaks that goretain is made to explain. Each keeps a map with
// interface values alive through something that looks harmless:
//
//  1. sessions: one small reference to a decoded JSON document keeps all of it (about 4 MB)
//  2. watch: a goroutine that waits for ever keeps its context, and in it a map (about 2.5 MB)
//  3. handlers: a closure uses one key of a map that it captured, payload included (about 1 MB)
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// session is what a login leaves behind. The handler that made it only ever reads
// request["user"], but a map's value cannot be had without the map.
type session struct {
	id      string
	request map[string]interface{}
}

var sessions = map[string]*session{}

// orderDocument is what a client sent: 9,000 positions of an order.
func orderDocument() string {
	var text strings.Builder
	text.WriteString(`{"user": {"name": "alice", "roles": ["buyer"]}, "order": {"positions": [`)
	for i := 0; i < 9000; i++ {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"article": "article number %d", "count": %d, "price": %d.5}`, i, i%7+1, i)
	}
	text.WriteString(`]}}`)
	return text.String()
}

func login(id string) error {
	var request map[string]interface{}
	if err := json.Unmarshal([]byte(orderDocument()), &request); err != nil {
		return err
	}
	sessions[id] = &session{id: id, request: request}
	return nil
}

// handlers are called by name, as a server's routes are.
var handlers = map[string]func() string{}

// newGreeter needs the name alone, and captures the whole map. Inlined, the closure would bear the
// name of whoever calls it.
//
//go:noinline
func newGreeter(profile map[string]interface{}) func() string {
	return func() string {
		return "hello " + profile["name"].(string)
	}
}

func register() {
	handlers["/hello"] = newGreeter(map[string]interface{}{
		"name":    "alice",
		"visits":  42,
		"picture": make([]byte, 1<<20),
	})
}

type traceKey struct{}

// startWatch passes what a request was about down to a worker, as tracing does.
func startWatch(name string) {
	baggage := map[string]interface{}{"name": name}
	for i := 0; i < 15000; i++ {
		baggage[fmt.Sprintf("span %05d", i)] =
			fmt.Sprintf("took %d microseconds of the time that the customer had to wait", i)
	}
	ctx := context.WithValue(context.Background(), traceKey{}, baggage)
	go watch(ctx, make(chan struct{}))
}

// watch waits for an event that nobody sends; the context that it would need then stays with it.
func watch(ctx context.Context, events <-chan struct{}) {
	<-events
	fmt.Println(ctx.Value(traceKey{}).(map[string]interface{})["name"])
}

// allowReader lets the owner of this process read it where the kernel (Yama) would only let its
// parents: PR_SET_PTRACER, PR_SET_PTRACER_ANY. A kernel without Yama says EINVAL, which is fine.
func allowReader() {
	syscall.RawSyscall(syscall.SYS_PRCTL, 0x59616d61, ^uintptr(0), 0)
}

func main() {
	allowReader()
	if err := login("alice"); err != nil {
		panic(err)
	}
	startWatch("checkout")
	register()
	runtime.GC()
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}
