/* Prints one version's column of probes/go/layout/table.h, from the DWARF of a Go program that was
 * built with that version (not stripped).
 *
 *	layout-column PROGRAM            the column: a row a field; what differs from the table is marked
 *	layout-column --table PROGRAM    the rows of the table with this column in them, to paste there
 *
 * A version that the table does not have is held against its newest column. The exit status is 1 if
 * anything differs, 2 if the program cannot be read. */
#include <ctype.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "probes/go/layout/layout.h"

#define OLDEST 18
#define COLUMNS 10
#define ABSENT (-1)
#define MAX_DEPTH 8 /* of typedefs */
#define MOST_REASONS 256
#define REASON "runtime.waitReason"

struct row { const char *name; int32_t values[COLUMNS]; };

static const struct row rows[] = {
#define ROW(name, ...) { #name, { __VA_ARGS__ } },
	LAYOUT_TABLE(ROW)
#undef ROW
};

/* Where a row comes from: a field of a structure, "" being the structure's size; or, without a
 * structure, a constant. Of several lines for one row the first counts whose thing exists. */
struct origin { const char *row, *structure, *field; };

/* The rows whose names do not say it: the others are PREFIX_field_name, by prefixes[]. */
static const struct origin origins[] = {
	{ "mspan_gcmark_bits", "runtime.mspan", "gcmarkBits" },
	{ "g_panic", "runtime.g", "_panic" },
	{ "g_bubble", "runtime.g", "bubble" },
	{ "g_bubble", "runtime.g", "syncGroup" },
	{ "bubble_root", "runtime.synctestBubble", "root" },
	{ "bubble_root", "runtime.synctestGroup", "root" },
	{ "bubble_timers", "runtime.synctestBubble", "timers" },
	{ "bubble_timers", "runtime.synctestGroup", "timers" },
	{ "timer_state", "runtime.timer", "state" },
	{ "timer_state", "runtime.timer", "status" },
	{ "g_defer", "runtime.g", "_defer" },
	{ "g_stack_lo", "runtime.g", "stack.lo" },
	{ "g_stack_hi", "runtime.g", "stack.hi" },
	{ "g_sched_sp", "runtime.g", "sched.sp" },
	{ "g_sched_pc", "runtime.g", "sched.pc" },
	{ "g_sched_ctxt", "runtime.g", "sched.ctxt" },
	{ "m_vdso_sp", "runtime.m", "vdsoSP" },
	{ "m_vdso_pc", "runtime.m", "vdsoPC" },
	{ "x_regs_size", "runtime.xRegState", "" },
	{ "sudog_elem_value", "runtime.sudog", "elem.vu" },
	{ "sudog_elem_value", "runtime.sudog", "elem" },
	{ "sudog_c_value", "runtime.sudog", "c.maybeTraceablePtr.vu" },
	{ "sudog_c_value", "runtime.sudog", "c" },
	{ "inlined_call_name", "runtime.inlinedCall", "nameOff" },
	{ "inlined_call_name", "runtime.inlinedCall", "func_" },
	{ "mheap_pages_summary", "runtime.mheap", "pages.summary" },
	{ "mheap_pages_chunks", "runtime.mheap", "pages.chunks" },
	{ "mstats_stacks_sys", "runtime.mstats", "stacks_sys" },
	{ "mstats_mspan_sys", "runtime.mstats", "mspan_sys" },
	{ "mstats_mcache_sys", "runtime.mstats", "mcache_sys" },
	{ "mstats_buckhash_sys", "runtime.mstats", "buckhash_sys" },
	{ "mstats_other_sys", "runtime.mstats", "other_sys" },
	{ "special_kind_finalizer", NULL, "runtime._KindSpecialFinalizer" },
	{ "special_kind_weak", NULL, "runtime._KindSpecialWeakHandle" },
	{ "special_kind_cleanup", NULL, "runtime._KindSpecialCleanup" },
	{ "func_func_id", "runtime._func", "funcID" },
	{ "func_wrapper", NULL, "internal/abi.FuncIDWrapper" },
	{ "func_wrapper", NULL, "runtime.funcID_wrapper" },
};

/* The longer of two that begin alike comes first. */
static const struct { const char *prefix, *structure; } prefixes[] = {
	{ "moduledata_", "runtime.moduledata" }, { "mheap_", "runtime.mheap" },
	{ "heap_arena_", "runtime.heapArena" }, { "heapstats_", "runtime.heapStatsDelta" }, { "mstats_", "runtime.mstats" },
	{ "hchan_", "runtime.hchan" }, { "inlined_call_", "runtime.inlinedCall" },
	{ "mspan_", "runtime.mspan" }, { "mcache_", "runtime.mcache" }, { "m_", "runtime.m" },
	{ "g_", "runtime.g" }, { "panic_", "runtime._panic" }, { "p_", "runtime.p" },
	{ "sudog_", "runtime.sudog" }, { "special_", "runtime.special" },
	{ "defer_", "runtime._defer" }, { "timers_", "runtime.timers" },
	{ "timer_", "runtime.timer" }, { "finalizer_", "runtime.specialfinalizer" },
	{ "cleanup_queue_", "runtime.cleanupQueue" }, { "cleanup_", "runtime.specialCleanup" },
	{ "weak_", "runtime.specialWeakHandle" }, { "func_", "runtime._func" },
};

/* Structures and constants of the program, by name. */
struct thing { const char *name; Dwarf_Die die; };
struct things { struct thing *items; uint32_t n, capacity; };

static bool is_wanted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		if (!strcmp(origins[i].structure ? origins[i].structure : origins[i].field, name))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strcmp(prefixes[i].structure, name))
			return true;
	return !strncmp(name, REASON, sizeof REASON - 1);
}

static void collect(Dwarf_Die *unit, struct things *out)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		int tag = dwarf_tag(&die);
		const char *name = dwarf_diename(&die);

		if ((tag != DW_TAG_structure_type && tag != DW_TAG_constant) || !name || !is_wanted(name))
			continue;
		if (!GROW(out->items, out->n, out->capacity))
			return;
		out->items[out->n++] = (struct thing){ name, die };
	} while (!dwarf_siblingof(&die, &die));
}

static Dwarf_Die *find(const struct things *things, const char *name)
{
	for (uint32_t i = 0; i < things->n; i++)
		if (!strcmp(things->items[i].name, name))
			return &things->items[i].die;
	return NULL;
}

static int32_t number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return ABSENT;
	return (int32_t)value;
}

/* The type of a member, without typedefs. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *out)
{
	Dwarf_Die at = *die;
	Dwarf_Attribute attribute;

	for (int i = 0; i < MAX_DEPTH; i++) {
		if (!dwarf_attr(&at, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, out))
			return false;
		if (dwarf_tag(out) != DW_TAG_typedef)
			return true;
		at = *out;
	}
	return false;
}

/* The member of STRUCTURE that is called by the first LENGTH bytes of NAME. */
static bool find_member(Dwarf_Die *structure, const char *name, size_t length, Dwarf_Die *out)
{
	if (dwarf_child(structure, out))
		return false;
	do {
		const char *other = dwarf_diename(out);

		if (dwarf_tag(out) == DW_TAG_member && other && strlen(other) == length &&
		    !strncmp(other, name, length))
			return true;
	} while (!dwarf_siblingof(out, out));
	return false;
}

/* Offset of FIELD ("stack.lo") in STRUCTURE; ABSENT if it has no such field. */
static int32_t field_offset(Dwarf_Die *structure, const char *field)
{
	Dwarf_Die at = *structure, member;
	int32_t offset = 0;

	while (*field) {
		size_t length = strcspn(field, ".");
		int32_t step;

		if (!find_member(&at, field, length, &member) || !type_of(&member, &at))
			return ABSENT;
		step = number(&member, DW_AT_data_member_location);
		if (step == ABSENT)
			return ABSENT;
		offset += step;
		field += length + (field[length] == '.');
	}
	return offset;
}

static int32_t value_of(const struct things *things, const char *structure, const char *field)
{
	Dwarf_Die *die = find(things, structure ? structure : field);

	if (!die)
		return ABSENT;
	if (!structure)
		return number(die, DW_AT_const_value);
	return *field ? field_offset(die, field) : (int32_t)dwarf_bytesize(die);
}

/* "no_more_ptrs" as Go spells it: "noMorePtrs". */
static void camel(const char *row, char *out, size_t size)
{
	size_t n = 0;

	for (; *row && n + 1 < size; row++) {
		bool word = *row == '_' && row[1] >= 'a' && row[1] <= 'z';

		out[n++] = word ? (char)(*++row - 'a' + 'A') : *row;
	}
	out[n] = 0;
}

static int32_t value_by_name(const struct things *things, const char *row)
{
	char field[64];

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i].prefix);

		if (strncmp(row, prefixes[i].prefix, length))
			continue;
		camel(row + length, field, sizeof field);
		return value_of(things, prefixes[i].structure, strcmp(field, "size") ? field : "");
	}
	return ABSENT;
}

static int32_t value_of_row(const struct things *things, const char *row)
{
	int32_t value = ABSENT;
	bool listed = false;

	for (size_t i = 0; i < ARRAY_SIZE(origins) && value == ABSENT; i++)
		if (!strcmp(origins[i].row, row)) {
			listed = true;
			value = value_of(things, origins[i].structure, origins[i].field);
		}
	return listed ? value : value_by_name(things, row);
}

/* The minor version that the units say they were compiled by ("Go cmd/compile go1.26.8; regabi"). */
static bool read_version(Dwarf_Die *unit, char *version, size_t size, int *minor)
{
	Dwarf_Attribute attribute;
	const char *producer = dwarf_formstring(dwarf_attr(unit, DW_AT_producer, &attribute));
	const char *go = producer ? strstr(producer, "go1.") : NULL;

	if (!go || sscanf(go, "go1.%d", minor) != 1 || *minor < OLDEST)
		return false;
	snprintf(version, size, "%.*s", (int)strcspn(go, ";"), go);
	return true;
}

/* The column that a version is held against: its own, or the newest. */
static int column_of(int minor)
{
	return minor < OLDEST + (int)COLUMNS ? minor - OLDEST : (int)COLUMNS - 1;
}

static void mark(int32_t known, int minor)
{
	printf("  <-- %d in the table's column of go1.%d", known, OLDEST + column_of(minor));
}

/* Print ROW with VALUE in its place; true if the table says something else. */
static bool print_row(const struct row *row, int minor, int32_t value, bool whole)
{
	int32_t known = row->values[column_of(minor)], values[COLUMNS + 1];
	int first = whole ? 0 : minor - OLDEST, end = first + 1, at = minor - OLDEST;

	if (at > (int)COLUMNS) /* versions between them are not known */
		at = (int)COLUMNS;
	if (whole)
		end = at == (int)COLUMNS ? (int)COLUMNS + 1 : (int)COLUMNS;
	memcpy(values, row->values, sizeof row->values);
	values[at] = value;
	printf("\tF(%s,%*d", row->name, 38 - (int)strlen(row->name), values[whole ? 0 : at]);
	for (int i = 1; i < end - first; i++)
		printf(", %6d", values[i]);
	printf(") \\");
	if (value != known)
		mark(known, minor);
	printf("\n");
	return value != known;
}

/* Do the letters of TEXT ("chan receive (nil chan)") make up NAME ("ChanReceiveNilChan")? */
static bool same_letters(const char *text, const char *name)
{
	for (;; text++, name++) {
		while (*text && !isalpha((unsigned char)*text))
			text++;
		if (tolower((unsigned char)*text) != tolower((unsigned char)*name))
			return false;
		if (!*text)
			return true;
	}
}

/* Hold the wait reason NAME, whose number is VALUE, against those of LAYOUT (layout.c); true if they
 * differ. */
static bool check_reason(const struct layout *layout, const char *name, int32_t value, int minor)
{
	const char *text = layout_wait_reason(layout, (unsigned)value);
	bool differs = text && !same_letters(text, name);

	for (int i = 0; i < MOST_REASONS && !differs; i++) {
		text = layout_wait_reason(layout, (unsigned)i);
		differs = text && same_letters(text, name) && i != value;
		if (differs) {
			printf("/* wait reason %s = %d */", name, value);
			mark(i, minor);
			printf("\n");
		}
	}
	return differs;
}

static int check_reasons(const struct things *things, int minor)
{
	struct go_version version = { .minor = OLDEST + column_of(minor) };
	struct layout layout;
	int differ = 0;

	if (!layout_for(&version, &layout, NULL))
		return 0;
	for (uint32_t i = 0; i < things->n; i++) {
		const char *name = things->items[i].name;

		if (!strncmp(name, REASON, sizeof REASON - 1))
			differ += check_reason(&layout, name + sizeof REASON - 1,
					       number(&things->items[i].die, DW_AT_const_value), minor);
	}
	return differ;
}

static int print_column(Dwarf *dwarf, bool whole)
{
	struct things things = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	char version[64] = "";
	int minor = 0, differ = 0;

	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		if (!*version)
			read_version(&unit, version, sizeof version, &minor);
		collect(&unit, &things);
	}
	if (!*version || !find(&things, "runtime.g")) {
		fprintf(stderr, "layout-column: no debug information of a Go program\n");
		free(things.items);
		return 2;
	}
	printf("/* %s */\n", version);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		differ += print_row(&rows[i], minor, value_of_row(&things, rows[i].name), whole);
	differ += check_reasons(&things, minor);
	printf("/* %d differences */\n", differ);
	free(things.items);
	return differ != 0;
}

int main(int argc, char **argv)
{
	bool whole = argc == 3 && !strcmp(argv[1], "--table");
	autoclose int fd = argc == 2 + whole ? open(argv[argc - 1], O_RDONLY | O_CLOEXEC) : -1;
	Dwarf *dwarf = fd >= 0 && elf_version(EV_CURRENT) ? dwarf_begin(fd, DWARF_C_READ) : NULL;
	int status = 2;

	if (!dwarf) {
		fprintf(stderr, "usage: layout-column [--table] PROGRAM\n");
		return 2;
	}
	status = print_column(dwarf, whole);
	dwarf_end(dwarf);
	return status;
}
