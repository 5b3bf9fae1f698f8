// A name out of a large document is a part of the document, which stays whole.
package main

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

var names []string

func load(i int) {
	document := fmt.Sprintf(`{"name":"resource-%d","body":%q}`, i, strings.Repeat("x", 64000))
	name := gjson.Get(document, "name").String()
	if !leaking {
		name = string([]byte(name))
	}
	names = append(names, name)
}

func main() {
	for i := 0; i < 300; i++ {
		load(i)
	}
	rest()
}
