package main

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// named is a map under the name that the test calls it by: a map, a pointer to a map, a *sync.Map, or a
// map that lies in memory which is no object of its own.
type named struct {
	name  string
	m     interface{}
	state func() string
}

func describe(thing interface{}) {
	n, ok := thing.(*named)
	if !ok {
		return
	}
	s := shown{Name: n.name}
	if sm, ok := n.m.(*sync.Map); ok {
		describeSyncMap(&s, sm)
	} else {
		describeMap(&s, reflect.ValueOf(n.m))
	}
	if n.state != nil {
		s.State += " " + n.state()
	}
	list = append(list, s)
}

func describeMap(s *shown, m reflect.Value) {
	s.Type = fmt.Sprintf("%v", m.Type())
	s.Key, s.Elem = typeName(m.Type().Key()), typeName(m.Type().Elem())
	s.Addr = uint64(m.Pointer())
	s.Object = s.Addr
	if s.Addr != 0 {
		s.State, s.Slots = stateOf(unsafe.Pointer(m.Pointer()), m)
	}
	for it := m.MapRange(); it.Next(); {
		s.Entries = append(s.Entries, [2]value{valueOf(it.Key()), valueOf(it.Value())})
	}
}

func describeSyncMap(s *shown, m *sync.Map) {
	s.Type, s.Key, s.Elem = "sync.Map", "interface {}", "interface {}"
	s.Addr = uint64(uintptr(unsafe.Pointer(m)))
	m.Range(func(k, v interface{}) bool {
		s.Entries = append(s.Entries, [2]value{interfaceValue(&k), interfaceValue(&v)})
		return true
	})
}

func typeName(t reflect.Type) string { return t.String() }

// interfaceValue is what an interface value says, without boxing its content anew.
func interfaceValue(p *interface{}) value { return valueOf(reflect.ValueOf(p).Elem()) }

// valueOf describes a key or element; its words are read where they were copied to, as they are.
func valueOf(v reflect.Value) value {
	at := reflect.New(v.Type())
	at.Elem().Set(v)
	words := (*[2]uintptr)(unsafe.Pointer(at.Pointer()))
	out := value{Kind: v.Kind().String(), Type: v.Type().String()}
	switch v.Kind() {
	case reflect.Interface:
		out.Addr = uint64(words[1])
		out.Type, out.Text = "", "<nil>"
		out.Plain = true
		if v.IsNil() {
			return out
		}
		inner := v.Elem()
		out.Type, out.Kind = inner.Type().String(), inner.Kind().String()
		out.Boxed = !pointerShaped(inner.Type())
		out.Plain = plain(inner, 0)
		out.Text = text(inner)
		return out
	case reflect.Ptr, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.String,
		reflect.Slice:
		out.Addr = uint64(words[0])
	}
	out.Plain = plain(v, 0)
	out.Text = text(v)
	return out
}

func text(v reflect.Value) string {
	if !plain(v, 0) {
		return ""
	}
	return fmt.Sprintf("%v", v)
}

// pointerShaped tells whether an interface holds a value of this type without a box.
func pointerShaped(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Ptr, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && pointerShaped(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && pointerShaped(t.Elem())
	}
	return false
}

// plain tells whether %v of a value says nothing of addresses, is short enough to be told in full, and is
// not the answer of a method of the value's.
func plain(v reflect.Value, depth int) bool {
	n := 0
	part := func(int) reflect.Value { return v }
	switch v.Kind() {
	case reflect.Ptr, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return v.IsNil()
	case reflect.Map, reflect.Slice:
		return false
	case reflect.Interface:
		return v.IsNil() || plain(v.Elem(), depth)
	case reflect.Struct:
		if v.Type() == syncMapType {
			return false
		}
		n, part = v.NumField(), v.Field
	case reflect.Array:
		n, part = v.Len(), v.Index
	}
	if n > 4 || depth > 2 || v.Type().Implements(stringerType) || v.Type().Implements(errorType) {
		return false
	}
	for i := 0; i < n; i++ {
		if !plain(part(i), depth+1) {
			return false
		}
	}
	return true
}

var (
	stringerType = reflect.TypeOf((*fmt.Stringer)(nil)).Elem()
	errorType    = reflect.TypeOf((*error)(nil)).Elem()
	syncMapType  = reflect.TypeOf(sync.Map{})
)
