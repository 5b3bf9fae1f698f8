// A span keeps its last 32 annotations; those before them stay in front of its queue's slice.
package main

import (
	"context"
	"strings"

	"go.opencensus.io/trace"
)

func span() *trace.Span {
	_, span := trace.StartSpan(context.Background(), "call", trace.WithSampler(trace.AlwaysSample()))
	annotations := 32
	if leaking {
		annotations = 63
	}
	for i := 0; i < annotations; i++ {
		span.Annotate(nil, strings.Repeat("x", 1024))
	}
	return span
}

func main() {
	var open []*trace.Span
	for i := 0; i < 400; i++ {
		open = append(open, span())
	}
	rest(open)
}
