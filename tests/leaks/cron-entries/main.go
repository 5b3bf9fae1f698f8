// Each session adds a job that is to watch it and removes none.
package main

import "github.com/robfig/cron/v3"

var jobs = cron.New()

func session() {
	state := make([]byte, 4096)
	id, _ := jobs.AddFunc("@every 1h", func() { state[0]++ })
	if !leaking {
		jobs.Remove(id)
	}
}

func main() {
	for i := 0; i < 2500; i++ {
		session()
	}
	jobs.Start()
	rest()
}
