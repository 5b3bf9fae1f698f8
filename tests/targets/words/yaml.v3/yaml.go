// Package yaml lies at a path whose last word has a dot in it.
package yaml

type Node struct {
	Tag      string
	Children []*Node
	Raw      []byte
}

var Documents []*Node

func Parse(n int) {
	Documents = append(Documents, &Node{Tag: "!!map", Raw: make([]byte, n), Children: []*Node{{Tag: "!!str"}}})
}

// Wait blocks until somebody sends.
func Wait(c chan *Node) { <-c }
