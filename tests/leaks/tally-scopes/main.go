// A tagged scope for each user: the registry never forgets one.
package main

import (
	"strconv"
	"time"

	"github.com/uber-go/tally"
)

func main() {
	root, closer := tally.NewRootScope(tally.ScopeOptions{Prefix: "svc"}, time.Duration(0))
	for i := 0; i < 4000; i++ {
		user := strconv.Itoa(i)
		if !leaking {
			user = "any"
		}
		root.Tagged(map[string]string{"user": user}).Counter("calls").Inc(1)
	}
	rest(root, closer)
}
