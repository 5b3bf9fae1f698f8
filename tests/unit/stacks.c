/* Reading functions, goroutines and stacks from an image made by hand: what it must say, and that
 * nothing in it, however broken, leads outside of it or takes for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probes/go/stack/stack.h"
#include "probes/go/types/gcprog.h"

#include <cmocka.h> /* last: it defines a macro called fail */

enum {
	BASE = 0x10000, SIZE = 0x100000,
	TEXT = BASE, FTAB = BASE + 0x10000, PCLN = BASE + 0x20000, PCTAB = BASE + 0x30000,
	NAMES = BASE + 0x40000, CUTAB = BASE + 0x50000, FILES = BASE + 0x60000,
	GOFUNC = BASE + 0x70000, RODATA = BASE + 0x80000, STACK = BASE + 0x90000,
	STACK_END = BASE + 0xa0000, G = BASE + 0xb0000, M = BASE + 0xc0000, ALLGS = BASE + 0xd0000,
	MODULE = BASE + 0xe0000, TABLE = 0x10000, FUNCTION = 0x100, HEAP = 0x7f0000001000,
};

struct world {
	struct image image;
	struct image_range range;
	struct image_thread thread;
	struct go_module module;
	struct go go;
	uint32_t pcln, pctab, names, gofunc; /* used */
	uint32_t functions;
};

static void put(struct world *w, uint64_t addr, const void *bytes, size_t n)
{
	assert_true(addr >= BASE && addr + n <= BASE + SIZE);
	memcpy(w->image.memory + (addr - BASE), bytes, n);
}

static void put32(struct world *w, uint64_t addr, uint32_t value)
{
	put(w, addr, &value, sizeof value);
}

static void put64(struct world *w, uint64_t addr, uint64_t value)
{
	put(w, addr, &value, sizeof value);
}

static void world_open(struct world *w, const char *version)
{
	struct go_version v;

	memset(w, 0, sizeof *w);
	w->range = (struct image_range){ .lo = BASE, .hi = BASE + SIZE, .file = NO_FILE,
					 .flags = RANGE_READ | RANGE_WRITE };
	w->image = (struct image){ .ranges = &w->range, .n_ranges = 1, .memory_size = SIZE,
				   .memory = calloc(1, SIZE), .state = calloc(1, SIZE / IMAGE_PAGE),
				   .threads = &w->thread, .n_threads = 1, .exe_fd = -1 };
	memset(w->image.state, PAGE_STOP, SIZE / IMAGE_PAGE);
	pthread_mutex_init(&w->image.fetch_lock, NULL);
	w->module = (struct go_module){
		.addr = MODULE, .funcnametab = NAMES, .cutab = CUTAB, .filetab = FILES,
		.pctab = PCTAB, .pclntable = PCLN, .ftab = FTAB, .funcnametab_len = TABLE,
		.cutab_len = TABLE / 4, .filetab_len = TABLE, .pctab_len = TABLE,
		.pclntable_len = TABLE, .text = TEXT, .etext = TEXT + TABLE, .minpc = TEXT,
		.maxpc = TEXT + TABLE, .rodata = RODATA, .gofunc = GOFUNC,
	};
	assert_true(go_version_parse(&v, version));
	w->go = (struct go){ .image = &w->image, .modules = &w->module, .n_modules = 1,
			     .allgs = ALLGS, .version = v };
	assert_true(layout_for(&v, &w->go.layout, NULL));
	w->pctab = 1;
}

static void world_close(struct world *w)
{
	pthread_mutex_destroy(&w->image.fetch_lock);
	free(w->image.memory);
	free(w->image.state);
}

static uint32_t put_varint(struct world *w, uint64_t addr, uint32_t value)
{
	uint32_t n = 0;

	for (; value >= 0x80; value >>= 7, n++)
		put(w, addr + n, &(uint8_t){ (uint8_t)(value | 0x80) }, 1);
	put(w, addr + n, &(uint8_t){ (uint8_t)value }, 1);
	return n + 1;
}

/* A table with A up to pc AT of the function and B from there to its end. */
static uint32_t table(struct world *w, int32_t a, uint32_t at, int32_t b)
{
	uint32_t begin = w->pctab;
	int32_t deltas[] = { a + 1, b - a };
	uint32_t steps[] = { at, FUNCTION - at };

	for (int i = 0; i < 2; i++) {
		uint32_t zigzag = ((uint32_t)deltas[i] << 1) ^ (uint32_t)(deltas[i] >> 31);

		w->pctab += put_varint(w, PCTAB + w->pctab, zigzag);
		w->pctab += put_varint(w, PCTAB + w->pctab, steps[i]);
	}
	w->pctab += put_varint(w, PCTAB + w->pctab, 0);
	return begin;
}

struct spec {
	const char *name;
	int32_t frame; /* stack depth after its first 4 bytes of code */
	int32_t args;
	uint32_t pcdata[3], funcdata[4]; /* offsets; funcdata 0 for none */
	uint8_t flag;
};

/* Add a function of FUNCTION bytes; its entry. */
static uint64_t function(struct world *w, const struct spec *s)
{
	uint32_t head[9] = { w->functions * FUNCTION, w->names, (uint32_t)s->args, 0,
			     table(w, 0, 4, s->frame), table(w, 0, 128, 1), table(w, 10, 128, 20),
			     3, 0 };
	uint64_t at = PCLN + w->pcln, after = at + (uint64_t)w->go.layout.func_nfuncdata + 1;
	uint8_t tail[] = { 0, s->flag, 0, 4 };

	put(w, at, head, sizeof head);
	put(w, at + (uint64_t)w->go.layout.func_func_id, tail, sizeof tail);
	put(w, after, s->pcdata, sizeof s->pcdata);
	for (unsigned i = 0; i < 4; i++)
		put32(w, after + 12 + 4 * i, s->funcdata[i] ? s->funcdata[i] : UINT32_MAX);
	put(w, NAMES + w->names, s->name, strlen(s->name) + 1);
	w->names += (uint32_t)strlen(s->name) + 1;
	put32(w, FTAB + 8 * w->functions, w->functions * FUNCTION);
	put32(w, FTAB + 8 * w->functions + 4, w->pcln);
	w->pcln += 128;
	w->functions++;
	put32(w, FTAB + 8 * w->functions, w->functions * FUNCTION);
	w->module.n_ftab = w->functions + 1;
	return TEXT + (uint64_t)(w->functions - 1) * FUNCTION;
}

/* A stack map of N bitmaps of BITS bits, all equal to BYTE. */
static uint32_t stack_map(struct world *w, int32_t n, int32_t bits, uint8_t byte)
{
	uint32_t at = w->gofunc += 64;

	put32(w, GOFUNC + at, (uint32_t)n);
	put32(w, GOFUNC + at + 4, (uint32_t)bits);
	put(w, GOFUNC + at + 8, &byte, 1);
	return at;
}

static bool has_slot(const struct go_stack *s, uint64_t value, uint8_t kind, bool conservative)
{
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].value == value && s->slots[i].kind == kind &&
		    s->slots[i].conservative == conservative)
			return true;
	return false;
}

/* main.outer keeps an object and a word in its frame of 64 bytes and has called main.inner, whose
 * argument points at the object. */
static struct goroutine two_frames(struct world *w, uint32_t objects, int32_t map_n)
{
	uint64_t inner, outer, sp = STACK + 0x1000;
	uint32_t none = table(w, 0, 128, 0);

	inner = function(w, &(struct spec){ .name = "main.inner", .frame = 16, .args = 8,
		.pcdata = { 0, none, 0 },
		.funcdata = { stack_map(w, 1, 1, 1), stack_map(w, 1, 1, 0), 0, 0 } });
	outer = function(w, &(struct spec){ .name = "main.outer", .frame = 64,
		.pcdata = { 0, none, 0 },
		.funcdata = { stack_map(w, 1, 0, 0), stack_map(w, map_n, 2, 2), objects, 0 } });
	function(w, &(struct spec){ .name = "runtime.goexit", .flag = FUNC_TOPFRAME });
	put64(w, sp + 16, outer + 50);              /* inner returns there */
	put64(w, sp + 24, sp + 24 + 16);            /* inner's argument: the object's address */
	put64(w, sp + 24 + 16, HEAP + 1);           /* the object's pointer */
	put64(w, sp + 24 + 48, HEAP + 2);           /* outer's word 1 of 2, live by the map */
	put64(w, sp + 24 + 40, HEAP + 3);           /* word 0: dead */
	put64(w, sp + 24 + 64, outer + FUNCTION + 1); /* goexit */
	return (struct goroutine){ .addr = G, .stack_lo = STACK, .stack_hi = STACK_END,
				   .status = G_WAITING, .sp = sp, .pc = inner + 50 };
}

/* One stack object of 16 bytes, 40 below the end of the locals; its first word is a pointer. */
static uint32_t one_object(struct world *w, uint64_t n)
{
	uint32_t at = w->gofunc += 64;

	put64(w, GOFUNC + at, n);
	put32(w, GOFUNC + at + 8, (uint32_t)-40);
	put32(w, GOFUNC + at + 12, 16);
	put32(w, GOFUNC + at + 16, 8);
	put32(w, GOFUNC + at + 20, 0);
	put(w, RODATA, "\1", 1);
	return at;
}

static void frames_and_slots(void **state)
{
	struct world w;
	struct go_stack s = { 0 };
	struct goroutine g;
	const struct go_func *f;
	uint32_t line;

	world_open(&w, "go1.26.8");
	put(&w, FILES, "a.go", 5);
	put(&w, FILES + 5, "b.go", 5);
	put32(&w, CUTAB + 4, 5);
	g = two_frames(&w, one_object(&w, 1), 1);
	assert_true(stack_read(&w.go, &g, &s, NULL));
	assert_null(s.problem);
	assert_int_equal(s.n_frames, 3);
	assert_string_equal(s.frames[0].func.name, "main.inner");
	assert_string_equal(s.frames[1].func.name, "main.outer");
	assert_int_equal(s.frames[1].sp, g.sp + 24);
	assert_int_equal(s.frames[1].fp - s.frames[1].sp, 72);
	assert_true(has_slot(&s, g.sp + 40, SLOT_FRAME, false));
	assert_true(has_slot(&s, HEAP + 1, SLOT_STACK_OBJECT, false));
	assert_true(has_slot(&s, HEAP + 2, SLOT_FRAME, false));
	assert_int_equal(s.n_slots, 3);
	f = &s.frames[0].func;
	assert_string_equal(func_line(&w.go, f, s.frames[0].line_pc, &line), "a.go");
	assert_int_equal(line, 10);
	assert_string_equal(func_line(&w.go, f, f->entry + 130, &line), "b.go");
	assert_int_equal(line, 20);
	stack_free(&s);
	world_close(&w);
}

static void running_is_conservative(void **state)
{
	struct world w;
	struct go_stack s = { 0 };
	struct goroutine g;

	world_open(&w, "go1.22.1");
	g = two_frames(&w, one_object(&w, 1), 1);
	g.start = START_REGISTERS;
	g.running = true;
	g.thread = &w.thread;
	w.thread.registers.general[0] = HEAP + 9;
	w.thread.registers.n_general = 1;
	assert_true(stack_read(&w.go, &g, &s, NULL));
	assert_true(s.frames[0].conservative && !s.frames[1].conservative);
	assert_true(has_slot(&s, HEAP + 9, SLOT_REGISTER, true));
	assert_true(has_slot(&s, HEAP + 1, SLOT_STACK_OBJECT, true));
	assert_true(has_slot(&s, HEAP + 2, SLOT_FRAME, false));
	assert_false(has_slot(&s, HEAP + 3, SLOT_FRAME, true));
	stack_free(&s);
	world_close(&w);
}

/* Whatever cannot be told is read conservatively: nothing in the frame is missed. */
static void broken_maps(void **state)
{
	const struct { uint64_t objects; int32_t map_n; uint64_t lost; } cases[] = {
		{ 1ull << 40, 1, 0 }, { UINT64_MAX, 1, 0 }, { 1, -1, 0 }, { 1, 0, 0 },
		{ 1, 1, 8 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world w;
		struct go_stack s = { 0 };
		struct goroutine g;

		world_open(&w, "go1.19");
		g = two_frames(&w, one_object(&w, cases[i].objects), cases[i].map_n);
		if (cases[i].lost) /* the return address into main.outer */
			put64(&w, g.sp + 16, cases[i].lost);
		assert_true(stack_read(&w.go, &g, &s, NULL));
		assert_true(has_slot(&s, HEAP + 1, SLOT_FRAME, true));
		assert_true(has_slot(&s, HEAP + 2, SLOT_FRAME, true));
		assert_int_equal(!s.problem, !cases[i].lost);
		stack_free(&s);
		world_close(&w);
	}
}

static void inline_tree(struct world *w, uint64_t at, uint32_t name, uint32_t parent_pc)
{
	put32(w, at + (uint64_t)w->go.layout.inlined_call_name, name);
	put32(w, at + (uint64_t)w->go.layout.inlined_call_parent_pc, parent_pc);
}

static void inlined_calls(void **state)
{
	static const char *const versions[] = { "go1.18.3", "go1.27.1" };

	for (int i = 0; i < 2; i++) {
		struct world w;
		struct go_func f;
		struct go_call calls[64];
		uint64_t entry, tree;

		world_open(&w, versions[i]);
		tree = w.gofunc += 64;
		entry = function(&w, &(struct spec){ .name = "main.f", .frame = 8,
			.pcdata = { 0, 0, table(&w, -1, 100, 0) },
			.funcdata = { 0, 0, 0, (uint32_t)tree } });
		put(&w, NAMES + w.names, "main.g", 7);
		inline_tree(&w, GOFUNC + tree, w.names, 20);
		assert_true(func_find(&w.go, entry + 150, &f));
		assert_int_equal(func_calls(&w.go, &f, entry + 150, calls, 64), 2);
		assert_string_equal(calls[0].name, "main.g");
		assert_true(calls[0].inlined && !calls[1].inlined);
		assert_int_equal(calls[0].line, 20);
		assert_int_equal(calls[1].line, 10);
		assert_string_equal(calls[1].name, "main.f");
		inline_tree(&w, GOFUNC + tree, w.names, 120); /* inlined into itself */
		assert_int_equal(func_calls(&w.go, &f, entry + 150, calls, 64), 64);
		assert_string_equal(calls[63].name, "main.f");
		world_close(&w);
	}
}

static void gc_programs(void **state)
{
	struct world w;
	uint8_t bits[16];

	world_open(&w, "go1.20");
	put(&w, RODATA, "\3\5\x83\2\0", 5); /* 101, then twice more */
	assert_true(gc_program_run(&w.image, RODATA, bits, 128));
	assert_int_equal(bits[0], 0x6d);
	assert_int_equal(bits[1], 0x01);
	put(&w, RODATA, "\1\1\x81\xff\xff\xff\xff\x7f\0", 9); /* one bit 2^35 times */
	assert_true(gc_program_run(&w.image, RODATA, bits, 128));
	assert_int_equal(bits[15], 0xff);
	put(&w, RODATA, "\x80\0\1\0", 4); /* repeats what is not there */
	assert_false(gc_program_run(&w.image, RODATA, bits, 128));
	assert_false(gc_program_run(&w.image, BASE + SIZE, bits, 128));
	world_close(&w);
}

/* An m whose link leads to itself, and g's that are not. */
static void endless_lists(void **state)
{
	struct world w;
	struct goroutines gs;
	const struct layout *l;

	world_open(&w, "go1.26.0");
	l = &w.go.layout;
	w.go.allm = ALLGS + 64;
	put64(&w, w.go.allm, M);
	put64(&w, M + (uint64_t)l->m_g0, G);
	put64(&w, M + (uint64_t)l->m_alllink, M);
	put64(&w, G + (uint64_t)l->g_m, M);
	put64(&w, G + (uint64_t)l->g_stack_lo, STACK);
	put64(&w, G + (uint64_t)l->g_stack_hi, STACK_END);
	put64(&w, G + (uint64_t)l->g_defer, M);
	put32(&w, G + (uint64_t)l->g_atomicstatus, G_RUNNING);
	put64(&w, ALLGS, ALLGS + 128);
	put64(&w, ALLGS + 8, 3);
	put64(&w, ALLGS + 16, 3);
	put64(&w, ALLGS + 128, G);
	put64(&w, ALLGS + 136, HEAP);
	assert_true(goroutines_read(&w.go, &gs, NULL));
	assert_int_equal(gs.n, 2); /* G as a goroutine and as the m's g0 */
	assert_false(gs.items[0].sp);
	goroutines_free(&gs);
	put64(&w, ALLGS + 8, UINT64_MAX);
	put64(&w, ALLGS + 16, UINT64_MAX);
	assert_false(goroutines_read(&w.go, &gs, NULL));
	world_close(&w);
}

static uint32_t random_state;

static uint32_t random_number(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

/* Change bytes of the tables and of the stack to ones that are likely to hurt. */
static void damage(struct world *w)
{
	static const uint64_t places[] = { FTAB, PCLN, PCTAB, NAMES, CUTAB, GOFUNC, RODATA,
					   STACK + 0x1000, G, M, ALLGS };
	static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 8, 0x40 };
	uint32_t n = 1 + random_number() % 40;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = places[random_number() % 11] + random_number() % 600;
		uint8_t byte = random_number() % 3 ? bytes[random_number() % 8] :
						     (uint8_t)random_number();

		for (uint32_t k = 1 + random_number() % 8; k; k--)
			put(w, at + k, &byte, 1);
	}
}

/* Let the innermost function be one that is treated apart, and give it what such a one needs. */
static void make_special(struct world *w, struct goroutine *g)
{
	static const char *const names[] = {
		"main.inner", "runtime.asyncPreempt", "runtime.sigpanic", "reflect.makeFuncStub",
		"runtime.typedmemmove", "runtime.systemstack_switch",
	};
	uint64_t value = G + 0x800;
	char name[32];

	snprintf(name, sizeof name, "%s", names[random_number() % 6]);
	put(w, NAMES + 0x800, name, sizeof name);
	put32(w, PCLN + 4, 0x800);
	put32(w, PCLN + 8, (uint32_t)INT32_MIN);
	put64(w, g->sp, value);
	put64(w, value, g->pc - 50);
	put64(w, value + 8, value + 64);
	put64(w, value + 16, 8);
	put32(w, value + 64, random_number() % 3);
	put64(w, value + 72, RODATA);
	put32(w, GOFUNC + 64 + 16, (uint32_t)-8); /* the object's mask: a GC program */
	put(w, RODATA, "\0\0\0\0\1\1\0", 7);
	g->stack_moving = random_number() % 2;
}

static void read_everything(struct world *w, const struct goroutine *g, struct go_stack *s)
{
	struct goroutines gs;
	struct go_call calls[16];

	assert_true(stack_read(&w->go, g, s, NULL));
	for (uint32_t i = 0; i < s->n_frames; i++)
		assert_in_range(func_calls(&w->go, &s->frames[i].func, s->frames[i].line_pc, calls,
					   16), 1, 16);
	if (!goroutines_read(&w->go, &gs, NULL))
		return;
	for (uint32_t i = 0; i < gs.n; i++)
		assert_true(stack_read(&w->go, &gs.items[i], s, NULL));
	goroutines_free(&gs);
}

static void damaged_worlds(void **state)
{
	static const char *const versions[] = { "go1.18.1", "go1.20.2", "go1.23.1", "go1.26.1",
						"go1.27.1" };
	time_t begun = time(NULL);

	for (uint32_t seed = 0; seed < 6000; seed++) {
		struct world w;
		struct go_stack s = { 0 };
		struct goroutine g;

		random_state = seed;
		world_open(&w, versions[seed % 5]);
		g = two_frames(&w, one_object(&w, 1), 1);
		g.start = (enum start_point)(seed / 5 % 4);
		g.running = g.start != START_AT_CALL;
		g.thread = &w.thread;
		put64(&w, G + (uint64_t)w.go.layout.g_stack_lo, STACK);
		put64(&w, G + (uint64_t)w.go.layout.g_stack_hi, STACK_END);
		put64(&w, ALLGS, ALLGS + 128);
		put64(&w, ALLGS + 8, 1);
		put64(&w, ALLGS + 16, 1);
		put64(&w, ALLGS + 128, G);
		w.go.allm = ALLGS + 64;
		if (random_number() % 2)
			make_special(&w, &g);
		damage(&w);
		w.module.n_ftab = random_number() % 8 ? w.module.n_ftab : random_number();
		read_everything(&w, &g, &s);
		stack_free(&s);
		world_close(&w);
	}
	assert_true(time(NULL) - begun < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_and_slots),
		cmocka_unit_test(running_is_conservative),
		cmocka_unit_test(broken_maps),
		cmocka_unit_test(inlined_calls),
		cmocka_unit_test(gc_programs),
		cmocka_unit_test(endless_lists),
		cmocka_unit_test(damaged_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
