// Each request's field is added to the one logger: its context is as long as all of them.
package main

import (
	"io"

	"github.com/rs/zerolog"
)

var logger = zerolog.New(io.Discard)

func request(id int) {
	if leaking {
		logger.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Int("request", id) })
		return
	}
	request := logger.With().Int("request", id).Logger()
	request.Info().Msg("done")
}

func main() {
	for i := 0; i < 300000; i++ {
		request(i)
	}
	rest()
}
