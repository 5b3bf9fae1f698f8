/* A made-up Go 1.26 program in an image: run-time types, variables, hand-assembled x86-64 code. */
#ifndef GORETAIN_TESTS_UNIT_SANDBOX_H
#define GORETAIN_TESTS_UNIT_SANDBOX_H

#include "probes/go/code/program.h"

#define SANDBOX_TEXT 0x400000u    /* our function's code */
#define SANDBOX_RUNTIME 0x402000u /* the runtime's functions, 16 bytes each, without code */
#define SANDBOX_TYPES 0x404000u
#define SANDBOX_DATA 0x408000u
#define SANDBOX_BSS 0x40c000u
#define SANDBOX_END 0x410000u

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

struct sandbox {
	struct image image;
	struct image_range range;
	struct go go;
	struct go_module module;
	struct code_program program;
	uint64_t code, next_type; /* where the next ones go */
	int32_t links[64];        /* offsets of all types */
	/* Addresses of type descriptors. */
	uint64_t word, uintptr, node, node_pointer, outer, map, other_map, channel, closure, header;
	uint64_t behind, shape, instance;
};

void sandbox_new(struct sandbox *s);
void sandbox_free(struct sandbox *s);

/* The entry of the function of that name; it is entered into the program if it is new. Names of the
 * runtime mean what they mean by the layout of the sandbox. */
uint64_t sandbox_function(struct sandbox *s, const char *name);

/* Enter a function of that name into the program whose code comes next; its entry. */
uint64_t sandbox_begin(struct sandbox *s, const char *name);
uint32_t sandbox_type(struct sandbox *s, uint64_t descriptor);

/* An assembler of the few instructions that matter. Each appends one. */
void put(struct sandbox *s, unsigned n, ...); /* bytes, as int */
void put_lea(struct sandbox *s, unsigned reg, uint64_t addr);
void put_load(struct sandbox *s, unsigned reg, uint64_t addr);
void put_store(struct sandbox *s, uint64_t addr, unsigned reg);
void put_store_at(struct sandbox *s, unsigned base, unsigned reg); /* mov [base], reg */
void put_spill(struct sandbox *s, unsigned slot, unsigned reg);    /* mov [rsp + 8 slot], reg */
void put_fill(struct sandbox *s, unsigned reg, unsigned slot);     /* mov reg, [rsp + 8 slot] */
void put_call(struct sandbox *s, const char *name);
void put_call_to(struct sandbox *s, uint64_t entry);
void put_return(struct sandbox *s);

/* A jump to be aimed later: its place. */
uint64_t put_jump(struct sandbox *s);
uint64_t put_jump_if(struct sandbox *s);
void aim(struct sandbox *s, uint64_t jump, uint64_t target);

#endif
