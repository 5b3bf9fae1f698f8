/* What the pass over the code concludes from hand-assembled functions. */
/* Before cmocka.h, which has a macro fail() of its own. */
#include "probes/go/code/effects.h"
#include "probes/go/code/place.h"
#include "probes/go/code/types.h"
#include "sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GLOBAL (SANDBOX_DATA + 0x100)
#define OTHER (SANDBOX_BSS + 0x200)

struct case_ {
	struct sandbox s;
	struct code_facts facts;
	bool read;
};

static int begin(void **state)
{
	struct case_ *c = calloc(1, sizeof *c);

	sandbox_new(&c->s);
	*state = c;
	return 0;
}

static int end(void **state)
{
	struct case_ *c = *state;

	code_free(&c->facts);
	sandbox_free(&c->s);
	free(c);
	return 0;
}

/* Read the code put so far, as the functions that were begun. */
static void read_functions(struct case_ *c)
{
	struct sandbox *s = &c->s;
	struct code_walker walker = { .program = &s->program };
	struct error err = { 0 };

	for (uint32_t i = 0; i < s->program.n_functions; i++) {
		struct code_function f = s->program.functions[i];

		if (f.entry >= SANDBOX_RUNTIME)
			break;
		f.end = s->program.functions[i + 1].entry < SANDBOX_RUNTIME
				? s->program.functions[i + 1].entry : s->code;
		walker_function(&walker, &f, image_at(&s->image, f.entry, f.end - f.entry));
	}
	assert_true(found_judge(&walker.found, 1, s->program.types, &s->program.names, &c->facts, &err));
	walker_free(&walker);
	c->read = true;
}

/* Read the code put so far, as a function of that name. */
static void read_code(struct case_ *c, const char *name)
{
	struct sandbox *s = &c->s;
	struct code_walker walker = { .program = &s->program };
	struct code_function f = {
		.entry = SANDBOX_TEXT, .end = s->code,
		.receiver = names_receiver(&s->program.names, name),
		.package = names_package(&s->program.names, name),
	};
	struct error err = { 0 };

	walker_function(&walker, &f, image_at(&s->image, f.entry, f.end - f.entry));
	assert_true(found_judge(&walker.found, 1, s->program.types, &s->program.names, &c->facts,
				&err));
	walker_free(&walker);
	c->read = true;
}

static void assert_only(struct case_ *c, uint64_t addr, enum code_form form, uint64_t descriptor)
{
	if (!c->read)
		read_code(c, "main.main");
	assert_int_equal(c->facts.n_globals, 1);
	assert_int_equal(c->facts.globals[0].addr, addr);
	assert_int_equal(c->facts.globals[0].form, form);
	assert_int_equal(c->facts.globals[0].type, sandbox_type(&c->s, descriptor));
}

static void assert_nothing(struct case_ *c)
{
	if (!c->read)
		read_code(c, "main.main");
	assert_int_equal(c->facts.n_globals, 0);
}

static void put_new(struct sandbox *s, uint64_t descriptor)
{
	put_lea(s, RAX, descriptor);
	put_call(s, "runtime.newobject");
}

/* ---- values into globals ---- */

static void a_new_object_types_the_pointer(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void a_store_through_an_address_counts_too(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put_lea(&c->s, RCX, GLOBAL);
	put_store_at(&c->s, RCX, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void a_field_of_a_known_pointer_is_known(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.outer);
	put(&c->s, 3, 0x48, 0x8b, 0x08); /* mov rcx, [rax] */
	put_store(&c->s, GLOBAL, RCX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void a_field_of_a_field_is_known(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.behind);
	put(&c->s, 4, 0x48, 0x8b, 0x48, 0x08); /* mov rcx, [rax + 8] */
	put_store(&c->s, GLOBAL, RCX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void shared_generic_code_stands_for_its_only_instance(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.shape);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.instance);
}

static void a_specialised_allocator_takes_the_type_second(void **state)
{
	struct case_ *c = *state;

	put_lea(&c->s, RBX, c->s.node);
	put_call(&c->s, "runtime.mallocgcSmallScanNoHeaderSC2");
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void channels_and_maps_have_their_own_types(void **state)
{
	struct case_ *c = *state;

	put_lea(&c->s, RAX, c->s.channel);
	put_call(&c->s, "runtime.makechan");
	put_store(&c->s, GLOBAL, RAX);
	put_lea(&c->s, RAX, c->s.map);
	put_call(&c->s, "runtime.makemap");
	put_store(&c->s, OTHER, RAX);
	put_return(&c->s);
	read_code(c, "main.main");
	assert_int_equal(c->facts.n_globals, 2);
	assert_int_equal(c->facts.globals[0].form, CODE_CHAN);
	assert_int_equal(c->facts.globals[0].type, sandbox_type(&c->s, c->s.channel));
	assert_int_equal(c->facts.globals[1].form, CODE_MAP);
	assert_int_equal(c->facts.globals[1].type, sandbox_type(&c->s, c->s.map));
}

static void a_map_is_typed_by_its_use(void **state)
{
	struct case_ *c = *state;

	put_load(&c->s, RBX, GLOBAL);
	put_lea(&c->s, RAX, c->s.map);
	put_call(&c->s, "runtime.mapaccess1_fast64");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_MAP, c->s.map);
}

static void a_bare_map_header_gets_the_type_of_its_use(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.header);
	put_spill(&c->s, 3, RAX);
	put_store(&c->s, GLOBAL, RAX);
	put_fill(&c->s, RBX, 3);
	put_lea(&c->s, RAX, c->s.map);
	put_call(&c->s, "runtime.mapassign_fast64");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_MAP, c->s.map);
}

static void an_unused_bare_map_header_says_nothing(void **state)
{
	struct case_ *c = *state;

	put_call(&c->s, "runtime.makemap_small");
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

static void growslice_takes_its_type_where_the_version_has_it(void **state)
{
	struct case_ *c = *state;

	put_load(&c->s, RAX, GLOBAL);
	put_lea(&c->s, RSI, c->s.node);
	put_call(&c->s, "runtime.growslice");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_SLICE, c->s.node);
}

static void growslice_before_1_20_took_it_first(void **state)
{
	struct case_ *c = *state;

	c->s.go.layout.growslice_takes_slice = true;
	put_load(&c->s, RBX, GLOBAL);
	put_lea(&c->s, RAX, c->s.node);
	put_call(&c->s, "runtime.growslice");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_SLICE, c->s.node);
}

static void a_typed_copy_types_both_ends(void **state)
{
	struct case_ *c = *state;

	put_lea(&c->s, RAX, c->s.node);
	put_lea(&c->s, RBX, GLOBAL);
	put_lea(&c->s, RCX, OTHER);
	put_call(&c->s, "runtime.typedmemmove");
	put_return(&c->s);
	read_code(c, "main.main");
	assert_int_equal(c->facts.n_globals, 2);
	assert_int_equal(c->facts.globals[0].form, CODE_VALUE);
	assert_int_equal(c->facts.globals[1].addr, OTHER);
}

static void a_receiver_types_the_global(void **state)
{
	struct case_ *c = *state;

	put_load(&c->s, RAX, GLOBAL);
	put_call(&c->s, "main.(*node).push");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void the_address_of_a_receiver_types_the_value(void **state)
{
	struct case_ *c = *state;

	put_lea(&c->s, RAX, GLOBAL);
	put_call(&c->s, "main.(*outer).push");
	put_lea(&c->s, RAX, GLOBAL); /* its first field: no contradiction */
	put_call(&c->s, "main.(*node).push");
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_VALUE, c->s.outer);
}

/* ---- what must not be concluded ---- */

static void contradictions_are_dropped(void **state)
{
	struct case_ *c = *state;

	put_load(&c->s, RBX, GLOBAL);
	put_lea(&c->s, RAX, c->s.map);
	put_call(&c->s, "runtime.mapaccess1");
	put_load(&c->s, RBX, GLOBAL);
	put_lea(&c->s, RAX, c->s.other_map);
	put_call(&c->s, "runtime.mapaccess1");
	put_return(&c->s);
	assert_nothing(c);
}

static void a_call_forgets_every_register(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put(&c->s, 3, 0x48, 0x89, 0xc3); /* mov rbx, rax */
	put_call(&c->s, "main.other");
	put_store(&c->s, GLOBAL, RBX);
	put_store(&c->s, OTHER, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

static void the_write_barrier_forgets_none(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put_call(&c->s, "runtime.gcWriteBarrier2");
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void other_instructions_forget_what_they_write(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put(&c->s, 4, 0x48, 0x83, 0xc0, 0x08); /* add rax, 8 */
	put_store(&c->s, GLOBAL, RAX);
	put_new(&c->s, c->s.node);
	put(&c->s, 3, 0x48, 0xf7, 0xe1); /* mul rcx: writes rax without naming it */
	put_store(&c->s, GLOBAL, RAX);
	put_new(&c->s, c->s.node);
	put(&c->s, 2, 0x89, 0xc0); /* mov eax, eax */
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

static void an_interface_word_is_not_typed(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put_lea(&c->s, RCX, c->s.node_pointer);
	put_store(&c->s, GLOBAL, RCX);
	put_store(&c->s, GLOBAL + 8, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

static void stores_elsewhere_are_no_globals(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put_store(&c->s, SANDBOX_END + 0x1000, RAX);
	put_store(&c->s, SANDBOX_TYPES + 8, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

/* ---- paths ---- */

static void where_paths_meet_what_differs_is_unknown(void **state)
{
	struct case_ *c = *state;
	uint64_t over;

	put_new(&c->s, c->s.node);
	over = put_jump_if(&c->s);
	put_new(&c->s, c->s.outer);
	aim(&c->s, over, c->s.code);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_nothing(c);
}

static void nil_on_one_path_leaves_the_other(void **state)
{
	struct case_ *c = *state;
	uint64_t nil, over;

	nil = put_jump_if(&c->s);
	put_new(&c->s, c->s.node);
	over = put_jump(&c->s);
	aim(&c->s, nil, c->s.code);
	put(&c->s, 2, 0x31, 0xc0); /* xor eax, eax */
	aim(&c->s, over, c->s.code);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

/* As the compiler lays out write barriers up to 1.20: the rare path is behind, and jumps back. */
static void a_rare_path_that_jumps_back_loses_nothing(void **state)
{
	struct case_ *c = *state;
	uint64_t rare, back, here;

	put_new(&c->s, c->s.node);
	rare = put_jump_if(&c->s);
	here = c->s.code;
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	aim(&c->s, rare, c->s.code);
	put_call(&c->s, "runtime.gcWriteBarrier");
	back = put_jump(&c->s);
	aim(&c->s, back, here);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void a_loop_that_changes_a_register_forgets_it(void **state)
{
	struct case_ *c = *state;
	uint64_t head, back;

	put_new(&c->s, c->s.node);
	head = c->s.code;
	put_store(&c->s, GLOBAL, RAX); /* true only the first time */
	put_new(&c->s, c->s.outer);
	back = put_jump_if(&c->s);
	aim(&c->s, back, head);
	put_return(&c->s);
	assert_nothing(c);
}

static void behind_a_panic_nothing_flows(void **state)
{
	struct case_ *c = *state;
	uint64_t over;

	put_new(&c->s, c->s.node);
	over = put_jump_if(&c->s);
	put_call(&c->s, "runtime.panicIndex");
	aim(&c->s, over, c->s.code);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void where_a_table_of_jumps_leads_nothing_is_known(void **state)
{
	struct case_ *c = *state;

	put_new(&c->s, c->s.node);
	put(&c->s, 2, 0xff, 0xe1); /* jmp rcx */
	put_store(&c->s, GLOBAL, RAX);
	put_new(&c->s, c->s.outer); /* but from there on it is */
	put_store(&c->s, OTHER, RAX);
	put_return(&c->s);
	assert_only(c, OTHER, CODE_POINTER, c->s.outer);
}

/* ---- closures, references, names ---- */

/* func make() *T { return new(T) } */
static uint64_t put_maker(struct sandbox *s, const char *name, uint64_t descriptor)
{
	uint64_t entry = sandbox_begin(s, name);

	put_new(s, descriptor);
	put_return(s);
	return entry;
}

static void a_result_types_the_global_that_it_goes_to(void **state)
{
	struct case_ *c = *state;
	uint64_t maker = put_maker(&c->s, "main.make", c->s.node), other = sandbox_begin(&c->s, "main.other");

	put_call_to(&c->s, maker);
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_call_to(&c->s, other);
	put_spill(&c->s, 2, RAX);
	put_call(&c->s, "main.unknown");
	put_fill(&c->s, RCX, 2);
	put_store(&c->s, GLOBAL, RCX);
	put_return(&c->s);
	read_functions(c);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void an_argument_is_of_the_type_that_it_is_used_as(void **state)
{
	struct case_ *c = *state;
	uint64_t method = sandbox_begin(&c->s, "main.use");

	put_call(&c->s, "main.(*node).visit");
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_load(&c->s, RAX, GLOBAL);
	put_call_to(&c->s, method);
	put_return(&c->s);
	read_functions(c);
	assert_int_equal(c->facts.n_places, 1);
	assert_int_equal(c->facts.places[0].addr, place_of(method, PLACE_ARGUMENT));
	assert_int_equal(c->facts.places[0].type, sandbox_type(&c->s, c->s.node));
}

static void what_a_function_gets_goes_on_to_others(void **state)
{
	struct case_ *c = *state;
	uint64_t keeper = sandbox_begin(&c->s, "main.keep");

	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_new(&c->s, c->s.node);
	put_call_to(&c->s, keeper);
	put_return(&c->s);
	read_functions(c);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

/* As an unsafe.Pointer, or the data word of an interface. */
static void an_argument_of_many_types_has_none(void **state)
{
	struct case_ *c = *state;
	uint64_t keeper = sandbox_begin(&c->s, "main.keep");

	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_new(&c->s, c->s.node);
	put_call_to(&c->s, keeper);
	put_new(&c->s, c->s.closure);
	put_new(&c->s, c->s.word);
	put_call_to(&c->s, keeper);
	put_return(&c->s);
	read_functions(c);
	assert_nothing(c);
}

/* main.same gives back what it gets, once of this and once of that type, by way of two more. */
static void what_disagrees_further_on_is_dropped(void **state)
{
	struct case_ *c = *state;
	uint64_t same = sandbox_begin(&c->s, "main.same"), first, second, third;

	put_return(&c->s);
	first = put_maker(&c->s, "main.first", c->s.node);
	second = put_maker(&c->s, "main.second", c->s.word);
	third = sandbox_begin(&c->s, "main.third");
	put_call_to(&c->s, second);
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_call_to(&c->s, first);
	put_call_to(&c->s, same);
	put_store(&c->s, GLOBAL, RAX);
	put_call_to(&c->s, third);
	put_call_to(&c->s, same);
	put_return(&c->s);
	read_functions(c);
	assert_nothing(c);
}

static void what_a_closure_captured_goes_on_from_there(void **state)
{
	struct case_ *c = *state;
	uint64_t code = sandbox_begin(&c->s, "main.main.func1");

	put(&c->s, 4, 0x48, 0x8b, 0x42, 0x08); /* mov rax, [rdx + 8] */
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	sandbox_begin(&c->s, "main.main");
	put_new(&c->s, c->s.closure);
	put_lea(&c->s, RCX, code);
	put_store_at(&c->s, RAX, RCX);
	put_return(&c->s);
	read_functions(c);
	assert_only(c, GLOBAL, CODE_POINTER, c->s.node);
}

static void a_closure_tells_what_it_captured(void **state)
{
	struct case_ *c = *state;
	uint64_t entry = sandbox_function(&c->s, "main.main.func1");

	put_new(&c->s, c->s.closure);
	put_lea(&c->s, RCX, entry);
	put_store_at(&c->s, RAX, RCX);
	put_store(&c->s, GLOBAL, RAX);
	put_return(&c->s);
	assert_nothing(c); /* another closure may follow in the variable */
	assert_int_equal(c->facts.n_closures, 1);
	assert_int_equal(code_closure_type(&c->facts, entry), sandbox_type(&c->s, c->s.closure));
	assert_int_equal(code_closure_type(&c->facts, entry + 1), NO_TYPE);
}

static void references_name_their_package(void **state)
{
	struct case_ *c = *state;

	put(&c->s, 7, 0x83, 0x3d, 0, 0, 0, 0, 0); /* cmp dword [rip + 0], 0: into the code */
	put_load(&c->s, RAX, OTHER);
	put_lea(&c->s, RCX, GLOBAL);
	put_store(&c->s, OTHER, RCX);
	put_return(&c->s);
	read_code(c, "gopkg.in/yaml%2ev3.(*parser).parse");
	assert_int_equal(c->facts.n_references, 2);
	assert_int_equal(c->facts.references[0], GLOBAL);
	assert_int_equal(c->facts.references[1], OTHER);
	assert_string_equal(c->facts.packages[0], "gopkg.in/yaml.v3");
	assert_ptr_equal(c->facts.packages[0], c->facts.packages[1]);
}

static void two_packages_are_none(void **state)
{
	struct case_ *c = *state;
	struct code_names *names = &c->s.program.names;
	struct code_found found = { 0 };
	struct error err = { 0 };

	found_reference(&found, GLOBAL, names_package(names, "main.main"));
	found_reference(&found, GLOBAL, names_package(names, "net/http.init"));
	found_reference(&found, OTHER, names_package(names, "net/http.init"));
	found_reference(&found, OTHER, names_package(names, "type:.eq.main.node"));
	assert_true(found_judge(&found, 1, c->s.program.types, names, &c->facts, &err));
	found_free(&found);
	assert_int_equal(c->facts.n_references, 2);
	assert_null(c->facts.packages[0]);
	assert_string_equal(c->facts.packages[1], "net/http");
}

static void names_tell_receivers(void **state)
{
	struct case_ *c = *state;
	struct code_names *names = &c->s.program.names;
	uint32_t node = sandbox_type(&c->s, c->s.node);

	assert_int_equal(names_receiver(names, "main.(*node).push"), node);
	assert_int_equal(names_receiver(names, "main.(*node).push.func1"), NO_TYPE);
	assert_int_equal(names_receiver(names, "main.(*node).push-fm"), NO_TYPE);
	assert_int_equal(names_receiver(names, "other/main.(*node).push"), NO_TYPE);
	assert_int_equal(names_receiver(names, "main.node.push"), NO_TYPE);
	assert_int_equal(names_receiver(names, "main.(*"), NO_TYPE);
	assert_int_equal(names_package(names, "nodot"), NO_PACKAGE);
	assert_int_equal(names_package(names, ""), NO_PACKAGE);
}

/* ---- strangers' bytes ---- */

static void any_bytes_are_read_to_their_end(void **state)
{
	struct case_ *c = *state;
	struct code_walker walker = { .program = &c->s.program };
	struct code_function f = { .entry = SANDBOX_TEXT, .receiver = NO_TYPE,
				   .package = NO_PACKAGE };

	srandom(1);
	for (unsigned round = 0; round < 3000; round++) {
		size_t length = 1 + (size_t)random() % 600;
		uint8_t *code = malloc(length); /* its end is guarded by the sanitizer */

		for (size_t i = 0; i < length; i++)
			code[i] = (uint8_t)(random() % 4 ? random() : 0x48);
		f.end = f.entry + length;
		walker_function(&walker, &f, code);
		for (uint32_t i = 0; i < walker.ops.n; i++)
			assert_true(walker.ops.ops[i].offset < length);
		free(code);
	}
	assert_false(walker.found.failed);
	walker_free(&walker);
}

/* Every second operation a jump to somewhere else: more places than are kept, in all directions. */
static void a_net_of_jumps_ends(void **state)
{
	struct case_ *c = *state;
	struct code_walker walker = { .program = &c->s.program };
	size_t length = 1u << 20;
	uint8_t *code = malloc(length);
	struct code_function f = { .entry = SANDBOX_TEXT, .end = SANDBOX_TEXT + length,
				   .receiver = NO_TYPE, .package = NO_PACKAGE };

	assert_non_null(code);
	srandom(2);
	for (size_t i = 0; i + 3 <= length; i += 3) {
		code[i] = 0x74; /* je */
		code[i + 1] = (uint8_t)(random() % 240 / 3 * 3 - 122);
		code[i + 2] = (uint8_t)(random() % 2 ? 0x5b : 0x50); /* pop rbx, push rax */
	}
	walker_function(&walker, &f, code);
	assert_false(walker.found.failed);
	walker_free(&walker);
	free(code);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_object_types_the_pointer),
		TEST(a_store_through_an_address_counts_too),
		TEST(a_field_of_a_known_pointer_is_known),
		TEST(a_field_of_a_field_is_known),
		TEST(shared_generic_code_stands_for_its_only_instance),
		TEST(a_specialised_allocator_takes_the_type_second),
		TEST(channels_and_maps_have_their_own_types),
		TEST(a_map_is_typed_by_its_use),
		TEST(a_bare_map_header_gets_the_type_of_its_use),
		TEST(an_unused_bare_map_header_says_nothing),
		TEST(growslice_takes_its_type_where_the_version_has_it),
		TEST(growslice_before_1_20_took_it_first),
		TEST(a_typed_copy_types_both_ends),
		TEST(a_receiver_types_the_global),
		TEST(the_address_of_a_receiver_types_the_value),
		TEST(contradictions_are_dropped),
		TEST(a_call_forgets_every_register),
		TEST(the_write_barrier_forgets_none),
		TEST(other_instructions_forget_what_they_write),
		TEST(an_interface_word_is_not_typed),
		TEST(stores_elsewhere_are_no_globals),
		TEST(where_paths_meet_what_differs_is_unknown),
		TEST(nil_on_one_path_leaves_the_other),
		TEST(a_rare_path_that_jumps_back_loses_nothing),
		TEST(a_loop_that_changes_a_register_forgets_it),
		TEST(behind_a_panic_nothing_flows),
		TEST(where_a_table_of_jumps_leads_nothing_is_known),
		TEST(a_result_types_the_global_that_it_goes_to),
		TEST(an_argument_is_of_the_type_that_it_is_used_as),
		TEST(what_a_function_gets_goes_on_to_others),
		TEST(an_argument_of_many_types_has_none),
		TEST(what_disagrees_further_on_is_dropped),
		TEST(what_a_closure_captured_goes_on_from_there),
		TEST(a_closure_tells_what_it_captured),
		TEST(references_name_their_package),
		TEST(two_packages_are_none),
		TEST(names_tell_receivers),
		TEST(any_bytes_are_read_to_their_end),
		TEST(a_net_of_jumps_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
