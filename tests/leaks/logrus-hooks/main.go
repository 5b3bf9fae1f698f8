// Each request adds its hook to the one logger.
package main

import "github.com/sirupsen/logrus"

type audit struct{ request []byte }

func (*audit) Levels() []logrus.Level   { return logrus.AllLevels }
func (*audit) Fire(*logrus.Entry) error { return nil }

func request() {
	log := logrus.StandardLogger()
	if !leaking {
		log = logrus.New()
	}
	log.AddHook(&audit{make([]byte, 4096)})
}

func main() {
	for i := 0; i < 3000; i++ {
		request()
	}
	rest()
}
