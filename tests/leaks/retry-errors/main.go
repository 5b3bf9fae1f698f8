// A call is tried without an end, and the error of each try is kept to be told at the end.
package main

import (
	"fmt"
	"time"

	"github.com/avast/retry-go/v4"
)

func main() {
	tries, attempts := 0, uint(1<<30)
	if !leaking {
		attempts = 10
	}
	tried := make(chan bool)
	forever := make(chan bool)
	go func() {
		for {
			retry.Do(func() error {
				if tries++; tries == 60000 {
					tried <- true
					<-forever
				}
				return fmt.Errorf("try %d: connection refused", tries)
			}, retry.Attempts(attempts), retry.Delay(0), retry.MaxJitter(time.Nanosecond), retry.DelayType(retry.FixedDelay))
		}
	}()
	<-tried
	rest(forever)
}
