// Maps in every state and with every kind of key and value, and what each of them holds, told by the
// program itself: one line of JSON a map, then "ready", then silence.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"example.com/targets/quiet"
)

// shown is what the program says of one map.
type shown struct {
	Name, Type string
	Key, Elem  string // types
	State      string // what its header says of how it stands
	Addr       uint64 // of the header, or of the sync.Map
	Object     uint64 // of the object that it is or lies in; 0 if the test need not find one
	Slots      uint64 // as the header and tables say; 0 where that is not counted
	Entries    [][2]value
}

// value is one key or element.
type value struct {
	Text  string // as %v prints it
	Type  string // as %T prints it, "" for a nil interface
	Kind  string
	Plain bool   // the text is the same wherever %v is written, without addresses
	Boxed bool   // an interface, and what is in it is not pointer-shaped
	Addr  uint64 // what it refers to: the pointer, the data word of an interface
}

var kept []interface{}

func keep(values ...interface{}) { kept = append(kept, values...) }

var list []shown

func main() {
	makeStates()
	makeKinds()
	makePlaces()
	makeSyncMaps()
	makeNewerMaps()
	quiet.Prepare()
	out := bufio.NewWriter(os.Stdout)
	for i := range kept {
		describe(kept[i])
	}
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			panic(err)
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	out.Flush()
	list = nil
	quiet.Prepare()
	quiet.Say("ready")
	quiet.Wait()
}
