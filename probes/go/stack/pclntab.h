/* Functions, files and lines from the program counter tables (runtime.pclntab), which every Go
 * program carries, stripped or not. */
#ifndef GORETAIN_PROBES_GO_STACK_PCLNTAB_H
#define GORETAIN_PROBES_GO_STACK_PCLNTAB_H

#include "probes/go/go.h"

/* A function as the tables describe it (runtime._func). */
struct go_func {
	const struct go_module *module;
	uint64_t addr;          /* of the _func */
	uint64_t entry, end;    /* its code */
	const char *name;       /* raw bytes in the image, NUL-terminated: sanitise when shown */
	int32_t args;           /* bytes of stack arguments, INT32_MIN unknown */
	uint32_t deferreturn, pcsp, pcfile, pcln, npcdata, cu_offset, start_line;
	uint8_t func_id, flag, nfuncdata;
};

enum { FUNC_TOPFRAME = 1, FUNC_SPWRITE = 2, FUNC_ASM = 4 };
enum { PCDATA_UNSAFE_POINT, PCDATA_STACK_MAP_INDEX, PCDATA_INL_TREE_INDEX };
enum { FUNCDATA_ARGS_POINTER_MAPS, FUNCDATA_LOCALS_POINTER_MAPS, FUNCDATA_STACK_OBJECTS,
       FUNCDATA_INL_TREE };

/* The function that contains PC. False if there is none. */
bool func_find(struct go *go, uint64_t pc, struct go_func *out);

/* Number N of the functions of a module in ascending order, 0 .. n_ftab-2. */
bool func_at(struct go *go, const struct go_module *module, uint64_t n, struct go_func *out);

/* The value of the pc-value table at offset TABLE for PC; -1 if there is none. */
int32_t func_pcvalue(struct go *go, const struct go_func *f, uint32_t table, uint64_t pc);
int32_t func_pcdata(struct go *go, const struct go_func *f, unsigned table, uint64_t pc);

/* Address of funcdata number N, 0 if it has none. */
uint64_t func_funcdata(struct go *go, const struct go_func *f, unsigned n);

/* File (raw, NUL-terminated; NULL if unknown) and line of PC. */
const char *func_line(struct go *go, const struct go_func *f, uint64_t pc, uint32_t *line);

/* Calls inlined at PC, innermost first: CALL gets the name, file and line of each frame, and last
 * those of F itself. Returns how many. */
struct go_call { const char *name, *file; uint32_t line; bool inlined; };
uint32_t func_calls(struct go *go, const struct go_func *f, uint64_t pc, struct go_call *calls,
		    uint32_t max);

#endif
