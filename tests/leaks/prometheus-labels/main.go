// A counter's label is the request's id: a series for each, for ever.
package main

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

var requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"id"})

func main() {
	prometheus.MustRegister(requests)
	for i := 0; i < 20000; i++ {
		id := "request-" + strconv.Itoa(i)
		if !leaking {
			id = "any"
		}
		requests.WithLabelValues(id).Inc()
	}
	rest()
}
