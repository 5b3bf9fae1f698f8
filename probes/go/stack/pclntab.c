#include "probes/go/stack/pclntab.h"

#include <string.h>

#define MAX_STRING 65536u   /* names of functions and files */
#define MAX_INLINED 1024u   /* calls inlined into one another */
#define MAX_TEXT_SECTIONS 1024u
#define MAX_STALLS 64u      /* entries of a table for the same pc */
#define WINDOW 1024u        /* of a table, read at a time */

/* runtime._func up to the fields that moved (Go 1.18 to 1.27 runtime/runtime2.go). */
struct func_head {
	uint32_t entry, name;
	int32_t args;
	uint32_t deferreturn, pcsp, pcfile, pcln, npcdata, cu_offset;
};

/* runtime.textsect: with several text sections an offset of the tables is not simply the distance
 * from the start of the text. */
struct text_section { uint64_t vaddr, end, base; };

static uint32_t text_sections(struct go *go, const struct go_module *module, uint64_t *array)
{
	uint64_t slice = module->addr + (uint64_t)go->layout.moduledata_textsectmap;
	uint64_t n = image_u64(go->image, slice + 8);

	*array = image_u64(go->image, slice);
	return n > 1 && n <= MAX_TEXT_SECTIONS ? (uint32_t)n : 0;
}

/* Go 1.26 runtime/symtab.go, moduledata.textOff and textAddr. */
static uint64_t text_offset(struct go *go, const struct go_module *module, uint64_t pc)
{
	struct text_section section;
	uint64_t array;
	uint32_t n = text_sections(go, module, &array);

	for (uint32_t i = 0; i < n; i++)
		if (image_read(go->image, array + i * sizeof section, &section, sizeof section) &&
		    pc >= section.base && pc - section.base < section.end - section.vaddr)
			return pc - section.base + section.vaddr;
	return pc - module->text;
}

static uint64_t text_address(struct go *go, const struct go_module *module, uint64_t offset)
{
	struct text_section section;
	uint64_t array;
	uint32_t n = text_sections(go, module, &array);

	for (uint32_t i = 0; i < n; i++)
		if (image_read(go->image, array + i * sizeof section, &section, sizeof section) &&
		    offset >= section.vaddr && offset < section.end)
			return offset - section.vaddr + section.base;
	return module->text + offset;
}

/* A string of one of a module's byte tables; NULL if OFFSET is not in it. */
static const char *table_string(struct go *go, uint64_t table, uint64_t length, uint64_t offset)
{
	uint64_t limit;

	if (offset >= length)
		return NULL;
	limit = length - offset < MAX_STRING ? length - offset : MAX_STRING;
	return image_string(go->image, table + offset, limit);
}

static const char *function_name(struct go *go, const struct go_module *module, uint32_t offset)
{
	return table_string(go, module->funcnametab, module->funcnametab_len, offset);
}

bool func_at(struct go *go, const struct go_module *module, uint64_t n, struct go_func *out)
{
	const struct layout *layout = &go->layout;
	uint32_t size = (uint32_t)layout->func_nfuncdata + 1;
	uint32_t entries[3]; /* entry, _func, next entry */
	struct func_head head;
	const uint8_t *bytes;
	const char *name;

	if (!module->n_ftab || n >= module->n_ftab - 1 ||
	    !image_read(go->image, module->ftab + n * 8, entries, sizeof entries) ||
	    entries[1] > module->pclntable_len)
		return false;
	bytes = image_at(go->image, module->pclntable + entries[1], size);
	if (!bytes)
		return false;
	memcpy(&head, bytes, sizeof head);
	name = function_name(go, module, head.name);
	*out = (struct go_func){
		.module = module, .addr = module->pclntable + entries[1],
		.entry = text_address(go, module, entries[0]),
		.end = text_address(go, module, entries[2]),
		.name = name ? name : "", .args = head.args, .deferreturn = head.deferreturn,
		.pcsp = head.pcsp, .pcfile = head.pcfile, .pcln = head.pcln,
		.npcdata = head.npcdata, .cu_offset = head.cu_offset,
		.func_id = bytes[layout->func_func_id], .flag = bytes[layout->func_flag],
		.nfuncdata = bytes[layout->func_nfuncdata],
	};
	if (layout->func_start_line >= 0)
		memcpy(&out->start_line, bytes + layout->func_start_line, sizeof out->start_line);
	return true;
}

bool func_find(struct go *go, uint64_t pc, struct go_func *out)
{
	const struct go_module *module = go_module_of_pc(go, pc);
	uint64_t lo = 0, hi, offset;

	if (!module || module->n_ftab < 2)
		return false;
	offset = text_offset(go, module, pc);
	hi = module->n_ftab - 1;
	/* The last entry that does not start after PC; the sentinel is not one. */
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (image_u32(go->image, module->ftab + mid * 8) <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return func_at(go, module, lo, out) && pc >= out->entry;
}

/* Bytes of a module's table of pc values, in order, never beyond the table's end. */
struct pc_table { struct image *image; uint64_t at, end; const uint8_t *bytes; uint64_t left; };

static bool next_byte(struct pc_table *t, uint8_t *byte)
{
	if (!t->left) {
		uint64_t want = t->end - t->at < WINDOW ? t->end - t->at : WINDOW;

		t->left = image_run(t->image, t->at, want, &t->bytes);
		if (!t->left)
			return false;
		t->at += t->left;
	}
	*byte = *t->bytes++;
	t->left--;
	return true;
}

static bool next_varint(struct pc_table *t, uint32_t *value)
{
	uint8_t byte;

	*value = 0;
	for (unsigned shift = 0; shift < 32; shift += 7) {
		if (!next_byte(t, &byte))
			return false;
		*value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Go 1.26 runtime/symtab.go, pcvalue and step: pairs of a zigzag value delta and a pc delta; a
 * value holds up to the pc; a delta of 0, unless it is the first, ends the table. */
int32_t func_pcvalue(struct go *go, const struct go_func *f, uint32_t table, uint64_t pc)
{
	const struct go_module *module = f->module;
	struct pc_table t = { .image = go->image, .at = module->pctab + table,
			      .end = module->pctab + module->pctab_len };
	uint64_t at = f->entry;
	uint32_t value = UINT32_MAX, delta, step, stalls = 0; /* -1; unsigned so that it may wrap */

	if (!table || table >= module->pctab_len)
		return -1;
	for (bool first = true; next_varint(&t, &delta) && (delta || first); first = false) {
		value += delta & 1 ? ~(delta >> 1) : delta >> 1;
		if (!next_varint(&t, &step) || (!step && stalls++ == MAX_STALLS))
			return -1;
		at += (uint64_t)step * arch_pc_quantum;
		if (pc < at)
			return (int32_t)value;
		if (at >= f->end) /* beyond the function: a broken table */
			return -1;
	}
	return -1;
}

/* The tables of offsets follow the _func: npcdata for pcdata, nfuncdata for funcdata. */
static uint64_t offsets_after(struct go *go, const struct go_func *f)
{
	return f->addr + (uint64_t)go->layout.func_nfuncdata + 1;
}

int32_t func_pcdata(struct go *go, const struct go_func *f, unsigned table, uint64_t pc)
{
	if (table >= f->npcdata)
		return -1;
	return func_pcvalue(go, f, image_u32(go->image, offsets_after(go, f) + 4ull * table), pc);
}

uint64_t func_funcdata(struct go *go, const struct go_func *f, unsigned n)
{
	uint32_t offset;

	if (n >= f->nfuncdata ||
	    !image_read(go->image, offsets_after(go, f) + 4ull * f->npcdata + 4ull * n, &offset,
			sizeof offset) ||
	    offset == UINT32_MAX)
		return 0;
	return f->module->gofunc + offset;
}

const char *func_line(struct go *go, const struct go_func *f, uint64_t pc, uint32_t *line)
{
	const struct go_module *module = f->module;
	int32_t file = func_pcvalue(go, f, f->pcfile, pc), at = func_pcvalue(go, f, f->pcln, pc);
	uint64_t unit = (uint64_t)f->cu_offset + (uint32_t)file;
	uint32_t offset;

	*line = at > 0 ? (uint32_t)at : 0;
	if (file < 0 || unit >= module->cutab_len ||
	    !image_read(go->image, module->cutab + unit * 4, &offset, sizeof offset) ||
	    offset == UINT32_MAX)
		return NULL;
	return table_string(go, module->filetab, module->filetab_len, offset);
}

/* Entry INDEX of F's inline tree (runtime.inlinedCall): the inlined function's name, and where in F
 * stands an instruction of the call's position. */
static bool inlined_call(struct go *go, const struct go_func *f, uint64_t tree, int32_t index,
			 const char **name, uint64_t *parent_pc)
{
	const struct layout *layout = &go->layout;
	uint64_t entry = tree + (uint64_t)index * (uint64_t)layout->inlined_call_size;
	uint32_t name_offset, parent;

	if (!image_read(go->image, entry + (uint64_t)layout->inlined_call_name, &name_offset, 4) ||
	    !image_read(go->image, entry + (uint64_t)layout->inlined_call_parent_pc, &parent, 4))
		return false;
	*name = function_name(go, f->module, name_offset);
	*parent_pc = f->entry + parent;
	return *name && *parent_pc < f->end;
}

uint32_t func_calls(struct go *go, const struct go_func *f, uint64_t pc, struct go_call *calls,
		    uint32_t max)
{
	uint64_t tree = func_funcdata(go, f, FUNCDATA_INL_TREE), parent;
	const char *name;
	uint32_t n = 0;

	if (!max)
		return 0;
	while (tree && n < max - 1 && n < MAX_INLINED) {
		int32_t index = func_pcdata(go, f, PCDATA_INL_TREE_INDEX, pc);

		if (index < 0 || !inlined_call(go, f, tree, index, &name, &parent))
			break;
		calls[n] = (struct go_call){ .name = name, .inlined = true };
		calls[n].file = func_line(go, f, pc, &calls[n].line);
		n++;
		pc = parent;
	}
	calls[n] = (struct go_call){ .name = f->name };
	calls[n].file = func_line(go, f, pc, &calls[n].line);
	return n + 1;
}
