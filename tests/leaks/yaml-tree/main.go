// Records are decoded into maps of interfaces, and kept so.
package main

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v2"
)

type record struct {
	ID    int    `yaml:"id"`
	Name  string `yaml:"name"`
	Owner string `yaml:"owner"`
}

func main() {
	var text strings.Builder
	for i := 0; i < 20000; i++ {
		fmt.Fprintf(&text, "- id: %d\n  name: name-%d\n  owner: owner-%d\n", i, i, i)
	}
	var loose []map[string]interface{}
	var typed []record
	if leaking {
		yaml.Unmarshal([]byte(text.String()), &loose)
	} else {
		yaml.Unmarshal([]byte(text.String()), &typed)
	}
	text.Reset()
	rest(loose, typed)
}
