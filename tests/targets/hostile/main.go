// Everything that a program can put before the eyes of who looks at it, hostile: terminal escapes,
// control bytes, bidirectional overrides, invalid UTF-8, and text that would break out of DOT, JSON,
// TSV and SQL. None of it may reach a terminal or a file as it is.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// The texts, each with a letter sequence (evilNN) that a test can look for.
var texts = []string{
	"evil00\x1b[31;1mred\x1b[0m",
	"evil01\x1b]0;title\x07",
	"evil02\x1b]52;c;ZXZpbA==\x1b\\",
	"evil03\x1bP1$r0m\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\",
	"evil04\x1b[2J\x1b[H\x1bc",
	"evil05\x9b31m\x9d0;t\x9c\x90q\x9c", // C1 as raw bytes
	"evil06\u009b31m\u009d0;t\u009c",    // and as UTF-8
	"evil07\r\nnew line\n\ttab\x0b\x0c\x08\x00\x7f",
	"evil08\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200b\u061c\ufeff\u2028\u2029",
	"evil09\xff\xfe\xc3\x28\xe2\x82\xf0\x9f\x92\xed\xa0\x80\xc0\x80",
	"evil10\"]; evil [label=\"injected\"]; x -> y; } digraph z { //",
	"evil11\\\"\\N\\G\\l<b>html</b>&amp;<br/>",
	"evil12'; drop table objects; --",
	"evil13\t\\t\\n\x00\",\"a\":1}",
	"evil14e" + strings.Repeat("\u0301", 500),
	"evil15" + strings.Repeat("漢字🫨👨\u200d👩\u200d👧", 50),
	"evil16" + strings.Repeat("A", 5000),
	"evil17\x1b[?1049l\x1b[?25h\x1b[999;999H\x1b[6n\x1b[c",
	"evil18%s%n%x%1000000d",
	"evil19{\"a\":\"\\u001b[31m\"}\x1b",
}

// What looks like a build information's header, of a version that is none; one of 16 such is aligned as
// the real one, and lies before it.
const (
	decoy  = "\xff Go buildinf:\x08\x02" + "0123456789abcdef" + "\x06evil20"
	decoy4 = decoy + decoy + decoy + decoy
)

var decoys = decoy4 + decoy4 + decoy4 + decoy4

type evilΤype struct { // the T is a Greek letter
	текст string
	any   interface{}
}

var (
	hostileMap   = map[string]interface{}{}
	hostileAny   = map[interface{}]interface{}{}
	hostileSlice []interface{}
	hostileTypes []interface{}
	hostileTree  = map[string]interface{}{}
	secrets      = map[string]interface{}{}
	never        = make(chan int)
)

// tagged makes a struct type at run time; its tag becomes part of the type's name.
func tagged(text string) interface{} {
	return reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "Field", Type: reflect.TypeOf(""), Tag: reflect.StructTag(text),
	}, {
		Name: "Other", Type: reflect.TypeOf(&hostileMap), Tag: reflect.StructTag(`json:"x"`),
	}})).Interface()
}

// makeSecret puts a text into the heap that no file of the binary has, as a key and as a value.
func makeSecret() {
	secret := fmt.Sprintf("secret-%032d", os.Getpid())
	secrets[secret] = secret + "!"
	secrets["schema"] = map[string]interface{}{secret: []interface{}{secret}, "plain": make([]byte, 50000)}
}

func main() {
	makeSecret()
	hostileSlice = append(hostileSlice, decoys)
	for i, text := range texts {
		big := make([]byte, 100000+i*1000)
		hostileMap[text] = big
		hostileAny[evilΤype{text, i}] = []string{text, text}
		hostileAny[text] = &evilΤype{text, hostileMap}
		hostileSlice = append(hostileSlice, text, []byte(text), []rune(text), fmt.Errorf("error: %s", text))
		hostileTypes = append(hostileTypes, tagged(text))
		hostileTree[text] = map[string]interface{}{text: []interface{}{text, float64(i), nil}}
		ctx := context.WithValue(context.Background(), text, map[string]interface{}{text: text})
		go pprof.Do(ctx, pprof.Labels(text, text, "plain", text), func(ctx context.Context) {
			<-never
			fmt.Println(ctx)
		})
	}
	runtime.GC()
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}
