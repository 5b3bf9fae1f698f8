// A meter for each job: unregistered when it is done, and still ticked by the arbiter, as nobody stops it.
package main

import (
	"strconv"

	"github.com/rcrowley/go-metrics"
)

func job(id int) {
	name := "job-" + strconv.Itoa(id)
	if leaking {
		metrics.GetOrRegisterMeter(name, nil).Mark(1)
		metrics.Unregister(name)
	} else {
		metrics.GetOrRegisterMeter("jobs", nil).Mark(1)
	}
}

func main() {
	for i := 0; i < 15000; i++ {
		job(i)
	}
	rest()
}
