package main

//go:noinline
func condition(i int) bool { return i%2 == state }

// mixed defers some of what it could; the bits that say which are in its frame.
//
//go:noinline
func mixed(a, b, c, d *node) (result *node) {
	if condition(0) {
		defer use(a)
	}
	if condition(1) {
		defer use(b)
	}
	defer func() { result = c }()
	stop()
	return d
}

//go:noinline
func looping(n int) {
	for i := 0; i < n; i++ {
		held, lost := waste(), waste()
		use(lost)
		defer use(held)
	}
	stop()
}

// running waits in the middle of what was deferred: one half has run.
//
//go:noinline
func running(n int) {
	for i := 0; i < n; i++ {
		held, i := waste(), i
		defer func() {
			if i == n/2 {
				stop()
			}
			use(held)
		}()
	}
}

type method struct{ n *node }

func (m method) value(n *node)    { use(m.n, n) }
func (m *method) pointer(n *node) { use(m.n, n) }

//go:noinline
func methods() {
	a, b := method{waste()}, &method{waste()}
	defer a.value(waste())
	defer b.pointer(waste())
	var i interface{ pointer(*node) } = &method{waste()}
	defer i.pointer(waste())
	a.n = nil
	stop()
}

// chained has a deferred call inside a deferred call.
//
//go:noinline
func chained(held *node) {
	defer func() {
		inner := waste()
		defer func() {
			stop()
			use(inner)
		}()
		use(waste())
	}()
	use(waste())
	defer use(held)
}

func startDefers() {
	start(func() { use(mixed(waste(), waste(), waste(), waste())) })
	start(func() { looping(10) })
	start(func() { running(9) })
	start(methods)
	start(func() { chained(waste()) })
}
