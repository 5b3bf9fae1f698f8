// Each connection registers a vector of its own, and unregisters none.
package main

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

func connection(i int) {
	replies := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "replies_" + strconv.Itoa(i), Help: "Replies."}, []string{"code"})
	prometheus.MustRegister(replies)
	replies.WithLabelValues("200").Inc()
	if !leaking {
		prometheus.Unregister(replies)
	}
}

func main() {
	for i := 0; i < 5000; i++ {
		connection(i)
	}
	rest()
}
