#include "sandbox.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE (SANDBOX_END - SANDBOX_TEXT)
#define FUNCTIONS 64u

enum { TFLAG_UNCOMMON = 1, TFLAG_NAMED = 4 };

static void *at(struct sandbox *s, uint64_t addr)
{
	if (addr < SANDBOX_TEXT || addr + 64 > SANDBOX_END)
		abort();
	return s->image.memory + (addr - SANDBOX_TEXT);
}

static void put_u64(struct sandbox *s, uint64_t addr, uint64_t value)
{
	memcpy(at(s, addr), &value, 8);
}

static uint64_t reserve(struct sandbox *s, uint64_t size)
{
	uint64_t addr = s->next_type;

	s->next_type += (size + 7) & ~7ull;
	if (s->next_type > SANDBOX_DATA)
		abort();
	return addr;
}

/* internal/abi.Name: flags, length, bytes. */
static uint64_t add_name(struct sandbox *s, const char *name)
{
	size_t length = strlen(name);
	uint64_t addr = reserve(s, length + 2);

	if (length > 127)
		abort();
	((uint8_t *)at(s, addr))[1] = (uint8_t)length;
	memcpy((char *)at(s, addr) + 2, name, length);
	return addr;
}

/* internal/abi.Type and up to seven words of what its kind has beyond; PACKAGE for a named type. */
static uint64_t add_type(struct sandbox *s, enum go_kind kind, uint64_t size, uint64_t pointers,
			 const char *name, const char *package, unsigned n, ...)
{
	uint64_t addr = reserve(s, 48 + 8 * n + (package ? 16 : 0));
	uint8_t *flags = (uint8_t *)at(s, addr) + 20;
	uint32_t name_offset = (uint32_t)(add_name(s, name) - SANDBOX_TYPES);
	va_list extra;

	put_u64(s, addr, size);
	put_u64(s, addr + 8, pointers);
	flags[0] = package ? TFLAG_UNCOMMON | TFLAG_NAMED : 0;
	flags[1] = flags[2] = 8;
	flags[3] = (uint8_t)kind;
	put_u64(s, addr + 40, name_offset);
	va_start(extra, n);
	for (unsigned i = 0; i < n; i++)
		put_u64(s, addr + 48 + 8 * i, va_arg(extra, uint64_t));
	va_end(extra);
	if (package)
		put_u64(s, addr + 48 + 8 * n, add_name(s, package) - SANDBOX_TYPES);
	s->links[s->module.n_typelinks++] = (int32_t)(addr - SANDBOX_TYPES);
	return addr;
}

/* A struct of two fields. */
static uint64_t add_struct(struct sandbox *s, const char *name, const char *package,
			   const char *field, uint64_t type, uint64_t size, const char *field2,
			   uint64_t type2)
{
	uint64_t fields = reserve(s, 48);

	put_u64(s, fields, add_name(s, field));
	put_u64(s, fields + 8, type);
	put_u64(s, fields + 24, add_name(s, field2));
	put_u64(s, fields + 32, type2);
	put_u64(s, fields + 40, size);
	return add_type(s, KIND_STRUCT, size + 8, 8, name, package, 4, (uint64_t)0, fields,
			(uint64_t)2, (uint64_t)2);
}

static uint64_t add_map(struct sandbox *s, const char *name, uint64_t elem)
{
	return add_type(s, KIND_MAP, 8, 8, name, NULL, 8, s->word, elem, s->word, (uint64_t)0,
			(uint64_t)136, (uint64_t)16, (uint64_t)8, (uint64_t)0);
}

static void add_types(struct sandbox *s)
{
	s->next_type = SANDBOX_TYPES + 8; /* offset 0 means none */
	s->word = add_type(s, KIND_INT, 8, 0, "int", NULL, 0);
	s->uintptr = add_type(s, KIND_UINTPTR, 8, 0, "uintptr", NULL, 0);
	s->node_pointer = add_type(s, KIND_POINTER, 8, 8, "*main.node", NULL, 1, (uint64_t)0);
	s->node = add_struct(s, "main.node", "main", "next", s->node_pointer, 8, "n", s->word);
	put_u64(s, s->node_pointer + 48, s->node);
	s->outer = add_struct(s, "main.outer", "main", "first", s->node, 16, "more", s->word);
	s->behind = add_struct(s, "main.behind", "main", "n", s->word, 8, "inner", s->node);
	s->instance = add_struct(s, "main.pair[int]", "main", "first", s->node_pointer, 8,
				 "second", s->word);
	s->shape = add_struct(s, "main.pair[go.shape.int]", "main", "first", s->node_pointer, 8,
			      "second", s->word);
	s->map = add_map(s, "map[int]int", s->word);
	s->other_map = add_map(s, "map[int]*main.node", s->node_pointer);
	s->channel = add_type(s, KIND_CHAN, 8, 8, "chan *main.node", NULL, 2, s->node_pointer,
			      (uint64_t)3);
	s->closure = add_struct(s, "struct { F uintptr; X0 *main.node }", NULL, "F", s->uintptr, 8,
				"X0", s->node_pointer);
	s->header = add_struct(s, "maps.Map", "internal/runtime/maps", "used", s->word, 8, "seed",
			       s->uintptr);
	for (uint64_t i = 0; i < s->module.n_typelinks; i++)
		memcpy(at(s, s->module.typelinks + 4 * i), &s->links[i], 4);
}

void sandbox_new(struct sandbox *s)
{
	struct go_version version;
	struct error err = { 0 };

	*s = (struct sandbox){ .code = SANDBOX_TEXT };
	s->range = (struct image_range){ .lo = SANDBOX_TEXT, .hi = SANDBOX_END, .file = NO_FILE };
	s->image = (struct image){ .ranges = &s->range, .n_ranges = 1, .memory_size = SIZE,
				   .exe = NO_FILE, .exe_fd = -1 };
	s->image.memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
	s->image.state = malloc(SIZE / IMAGE_PAGE);
	s->program.functions = calloc(FUNCTIONS, sizeof *s->program.functions);
	if (s->image.memory == MAP_FAILED || !s->image.state || !s->program.functions)
		abort();
	memset(s->image.state, PAGE_STOP, SIZE / IMAGE_PAGE);
	pthread_mutex_init(&s->image.fetch_lock, NULL);
	s->module = (struct go_module){
		.text = SANDBOX_TEXT, .etext = SANDBOX_TYPES, .types = SANDBOX_TYPES,
		.etypes = SANDBOX_DATA, .typelinks = SANDBOX_BSS + 0x3000, .data = SANDBOX_DATA,
		.edata = SANDBOX_BSS, .bss = SANDBOX_BSS, .ebss = SANDBOX_BSS + 0x3000,
	};
	go_version_parse(&version, "go1.26.8");
	s->go = (struct go){ .image = &s->image, .modules = &s->module, .n_modules = 1 };
	if (!layout_for(&version, &s->go.layout, &err))
		abort();
	add_types(s);
	s->program.go = &s->go;
	s->program.types = types_new(&s->go, &err);
	if (!s->program.types || !names_begin(&s->program.names, s->program.types))
		abort();
	s->program.map_header = sandbox_type(s, s->header);
}

void sandbox_free(struct sandbox *s)
{
	types_free(s->program.types);
	program_free(&s->program);
	munmap(s->image.memory, SIZE);
	free(s->image.state);
	pthread_mutex_destroy(&s->image.fetch_lock);
}

uint64_t sandbox_function(struct sandbox *s, const char *name)
{
	struct code_function f = {
		.entry = SANDBOX_RUNTIME + 16 * s->program.n_functions,
		.rule = call_rule(name, &s->go.layout),
		.receiver = names_receiver(&s->program.names, name),
		.package = names_package(&s->program.names, name),
	};

	if (s->program.n_functions == FUNCTIONS)
		abort();
	f.end = f.entry + 16;
	s->program.functions[s->program.n_functions++] = f;
	return f.entry;
}

uint64_t sandbox_begin(struct sandbox *s, const char *name)
{
	struct code_program *p = &s->program;
	struct code_function f = {
		.entry = s->code, .receiver = names_receiver(&p->names, name),
		.package = names_package(&p->names, name),
	};
	uint32_t i = 0;

	if (p->n_functions == FUNCTIONS)
		abort();
	while (i < p->n_functions && p->functions[i].entry < f.entry)
		i++;
	memmove(&p->functions[i + 1], &p->functions[i], (p->n_functions - i) * sizeof f);
	p->functions[i] = f;
	p->n_functions++;
	return f.entry;
}

uint32_t sandbox_type(struct sandbox *s, uint64_t descriptor)
{
	uint32_t type = types_at(s->program.types, descriptor);

	if (type == NO_TYPE)
		abort();
	return type;
}

void put(struct sandbox *s, unsigned n, ...)
{
	va_list bytes;

	va_start(bytes, n);
	for (unsigned i = 0; i < n; i++)
		*(uint8_t *)at(s, s->code++) = (uint8_t)va_arg(bytes, int);
	va_end(bytes);
}

static void put_relative(struct sandbox *s, uint64_t target)
{
	int32_t distance = (int32_t)(target - (s->code + 4));

	memcpy(at(s, s->code), &distance, 4);
	s->code += 4;
}

void put_lea(struct sandbox *s, unsigned reg, uint64_t addr)
{
	put(s, 3, 0x48, 0x8d, reg << 3 | 5);
	put_relative(s, addr);
}

void put_load(struct sandbox *s, unsigned reg, uint64_t addr)
{
	put(s, 3, 0x48, 0x8b, reg << 3 | 5);
	put_relative(s, addr);
}

void put_store(struct sandbox *s, uint64_t addr, unsigned reg)
{
	put(s, 3, 0x48, 0x89, reg << 3 | 5);
	put_relative(s, addr);
}

void put_store_at(struct sandbox *s, unsigned base, unsigned reg)
{
	put(s, 3, 0x48, 0x89, reg << 3 | base);
}

void put_spill(struct sandbox *s, unsigned slot, unsigned reg)
{
	put(s, 5, 0x48, 0x89, 0x44 | reg << 3, 0x24, 8 * slot);
}

void put_fill(struct sandbox *s, unsigned reg, unsigned slot)
{
	put(s, 5, 0x48, 0x8b, 0x44 | reg << 3, 0x24, 8 * slot);
}

void put_call(struct sandbox *s, const char *name)
{
	put(s, 1, 0xe8);
	put_relative(s, sandbox_function(s, name));
}

void put_call_to(struct sandbox *s, uint64_t entry)
{
	put(s, 1, 0xe8);
	put_relative(s, entry);
}

void put_return(struct sandbox *s)
{
	put(s, 1, 0xc3);
}

uint64_t put_jump(struct sandbox *s)
{
	put(s, 5, 0xe9, 0, 0, 0, 0);
	return s->code - 4;
}

uint64_t put_jump_if(struct sandbox *s)
{
	put(s, 6, 0x0f, 0x84, 0, 0, 0, 0);
	return s->code - 4;
}

void aim(struct sandbox *s, uint64_t jump, uint64_t target)
{
	uint64_t end = s->code;

	s->code = jump;
	put_relative(s, target);
	s->code = end;
}
