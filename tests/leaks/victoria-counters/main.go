// The counter's name has the user in it: a set of metrics that only grows.
package main

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

func main() {
	for i := 0; i < 20000; i++ {
		name := fmt.Sprintf(`calls_total{user="%d"}`, i)
		metrics.GetOrCreateCounter(name).Inc()
		if !leaking {
			metrics.UnregisterMetric(name)
		}
	}
	rest()
}
