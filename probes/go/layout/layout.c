#include "probes/go/layout/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/layout/abi.h"

#define OLDEST 18
#define NEWEST 27

#define C18(n, a, b, c, d, e, f, g, h, i, j) .n = (a),
#define C19(n, a, b, c, d, e, f, g, h, i, j) .n = (b),
#define C20(n, a, b, c, d, e, f, g, h, i, j) .n = (c),
#define C21(n, a, b, c, d, e, f, g, h, i, j) .n = (d),
#define C22(n, a, b, c, d, e, f, g, h, i, j) .n = (e),
#define C23(n, a, b, c, d, e, f, g, h, i, j) .n = (f),
#define C24(n, a, b, c, d, e, f, g, h, i, j) .n = (g),
#define C25(n, a, b, c, d, e, f, g, h, i, j) .n = (h),
#define C26(n, a, b, c, d, e, f, g, h, i, j) .n = (i),
#define C27(n, a, b, c, d, e, f, g, h, i, j) .n = (j),

/* What the versions of an age have in common beside the offsets: which decoder reads what. */
#define TO_19 .maps = MAPS_BUCKETS, .hmap_extra = 40, .gc_programs = true, .mask_only_types = true, \
	.special_offset_size = 2, .span_index_size = 8, .masks = MASKS_HEAP_BITMAP_2, \
	.sync_map = SYNC_MAP_VALUE, .growslice_takes_slice = true, .pclntab_magic = 0xfffffff0
#define TO_21 .maps = MAPS_BUCKETS, .hmap_extra = 40, .gc_programs = true, .mask_only_types = true, \
	.special_offset_size = 2, .span_index_size = 8, .masks = MASKS_HEAP_BITMAP_1, \
	.sync_map = SYNC_MAP_POINTER, .scan_index = true, .pclntab_magic = 0xfffffff1
#define TO_23 .maps = MAPS_BUCKETS, .hmap_extra = 40, .gc_programs = true, .mask_only_types = true, \
	.special_offset_size = 2, .span_index_size = 2, .masks = MASKS_HEADERS, \
	.sync_map = SYNC_MAP_POINTER, .scan_index = true, .pclntab_magic = 0xfffffff1
#define FROM_24 .maps = MAPS_SWISS, .mask_in_cell = true, .label_list = true, .fips_data = true, \
	.special_offset_size = 8, .span_index_size = 2, .masks = MASKS_HEADERS, \
	.sync_map = SYNC_MAP_TRIE, .scan_index = true, .pclntab_magic = 0xfffffff1
#define FROM_25 FROM_24, .marked_is_whole = true
#define FROM_26 FROM_25, .inline_marks = true, .type_direct_in_tflag = true

static const struct layout layouts[] = {
	{ LAYOUT_TABLE(C18) .minor = 18, TO_19, .field_offset_shifted = true },
	{ LAYOUT_TABLE(C19) .minor = 19, TO_19 },
	{ LAYOUT_TABLE(C20) .minor = 20, TO_21 },
	{ LAYOUT_TABLE(C21) .minor = 21, TO_21 },
	{ LAYOUT_TABLE(C22) .minor = 22, TO_23 },
	{ LAYOUT_TABLE(C23) .minor = 23, TO_23 },
	{ LAYOUT_TABLE(C24) .minor = 24, FROM_24 },
	{ LAYOUT_TABLE(C25) .minor = 25, FROM_25 },
	{ LAYOUT_TABLE(C26) .minor = 26, FROM_26 },
	{ LAYOUT_TABLE(C27) .minor = 27, FROM_26, .split_map_groups = true },
};

/* Wait reasons (runtime/runtime2.go), a row a reason: its number in 1.18-19, 1.20-21, 1.22-23,
 * 1.24, 1.25, 1.26-27; -1 where there is none. */
static const struct { const char *text; int8_t number[6]; } wait_reasons[] = {
	{ "GC assist marking",        {  1,  1,  1,  1,  1,  1 } },
	{ "IO wait",                  {  2,  2,  2,  2,  2,  2 } },
	{ "chan receive (nil chan)",  {  3,  3,  3,  3,  3, 15 } },
	{ "chan send (nil chan)",     {  4,  4,  4,  4,  4, 16 } },
	{ "select",                   {  9,  9,  9,  9,  9, 18 } },
	{ "select (no cases)",        { 10, 10, 10, 10, 10, 17 } },
	{ "chan receive",             { 14, 14, 14, 14, 14, 19 } },
	{ "chan send",                { 15, 15, 15, 15, 15, 20 } },
	{ "finalizer wait",           { 16, 16, 16, 16, 16, 10 } },
	{ "semacquire",               { 18, 18, 18, 18, 19, 13 } },
	{ "sleep",                    { 19, 19, 19, 19, 20, 14 } },
	{ "sync.Cond.Wait",           { 20, 20, 20, 20, 21, 21 } },
	{ "sync.Mutex.Lock",          { -1, 21, 21, 21, 22, 22 } },
	{ "sync.RWMutex.RLock",       { -1, 22, 22, 22, 23, 23 } },
	{ "sync.RWMutex.Lock",        { -1, 23, 23, 23, 24, 24 } },
	{ "sync.WaitGroup.Wait",      { -1, -1, -1, 24, 25, 25 } },
	{ "GC worker (idle)",         { 24, 26, 26, 27, 28, 28 } },
	{ "preempted",                { 25, 28, 28, 29, 30, 30 } },
	{ "coroutine",                { -1, -1, 36, 37, 38, 38 } },
	{ "cleanup wait",             { -1, -1, -1, -1, 46, 46 } },
};

/* ---- experiments of the toolchain (internal/goexperiment) ---- */

static void old_maps(struct layout *l)
{
	l->maps = MAPS_BUCKETS;
	l->hmap_extra = 48; /* behind clearSeq, which hmap has from 1.24 on */
}

static void green_tea(struct layout *l)
{
	l->inline_marks = true;
	l->p_timers = 13624;
}

static void no_green_tea(struct layout *l)
{
	l->inline_marks = false;
	l->p_timers -= 4256;
	l->p_x_regs -= 4256;
}

/* Without headers masks are where they were in 1.21. */
static void no_headers(struct layout *l)
{
	l->masks = MASKS_HEAP_BITMAP_1;
	l->heap_arena_bitmap = 0;
	l->heap_arena_no_more_ptrs = 1048576;
	l->heap_arena_spans = 1064960;
}

static void old_tracer(struct layout *l)
{
	l->m_vdso_sp -= 24;
	l->m_vdso_pc -= 24;
	l->p_timers -= 32;
}

static void old_mutex(struct layout *l)
{
	l->m_vdso_sp -= 8;
	l->m_vdso_pc -= 8;
}

/* What an experiment changes in the versions FROM to TO; NULL: nothing that is read here. Measured as
 * the table was; whatever is not in here is refused by name. */
static const struct experiment {
	const char *name;
	int from, to;
	void (*change)(struct layout *l);
} known_experiments[] = {
	{ "noallocheaders", 22, 22, no_headers },
	{ "noexectracer2", 22, 22, old_tracer },
	{ "noswissmap", 24, 25, old_maps },
	{ "nospinbitmutex", 24, 24, old_mutex },
	{ "greenteagc", 25, 25, green_tea },
	{ "nogreenteagc", 26, 27, no_green_tea },
	{ "nosynchashtriemap", 24, 25, NULL },
	{ "mapsplitgroup", 27, 27, NULL }, /* map types say where keys and elements are */
	{ "arenas", 20, 27, NULL },
	{ "pagetrace", 20, 22, NULL },
	{ "cgocheck2", 21, 27, NULL },
	{ "synctest", 24, 25, NULL },
	{ "goroutineleakprofile", 26, 26, NULL },
	{ "runtimefreegc", 26, 27, NULL },
	{ "runtimesecret", 26, 27, NULL },
	{ "sizespecializedmalloc", 26, 26, NULL },
	{ "nosizespecializedmalloc", 27, 27, NULL },
	{ "norandomizedheapbase64", 26, 27, NULL },
	{ "simd", 26, 27, NULL },
	{ "unified", 18, 19, NULL },
	{ "nounified", 20, 20, NULL },
	{ "nopacerredesign", 18, 18, NULL },
	{ "nocoverageredesign", 20, 24, NULL },
	{ "cacheprog", 21, 25, NULL },
	{ "newinliner", 22, 27, NULL },
	{ "preemptibleloops", OLDEST, NEWEST, NULL },
	{ "fieldtrack", OLDEST, NEWEST, NULL },
	{ "nodwarf5", 25, 27, NULL },
	{ "boringcrypto", OLDEST, NEWEST, NULL },
	{ "heapminimum512kib", OLDEST, NEWEST, NULL },
	{ "loopvar", OLDEST, NEWEST, NULL },
	{ "rangefunc", OLDEST, NEWEST, NULL },
	{ "range", 22, 22, NULL },
	{ "aliastypeparams", OLDEST, NEWEST, NULL },
	{ "noaliastypeparams", 24, 25, NULL },
	{ "jsonv2", OLDEST, NEWEST, NULL },
	{ "nojsonv2", 27, 27, NULL },
};

bool go_version_parse(struct go_version *out, const char *text)
{
	const char *experiments, *release = strncmp(text, "devel ", 6) ? text : text + 6;
	int used = 0;

	memset(out, 0, sizeof *out);
	snprintf(out->text, sizeof out->text, "%s", text);
	if (sscanf(release, "go1.%d%n", &out->minor, &used) != 1 || out->minor < 0)
		return false;
	if (release[used] == '.' && sscanf(release + used + 1, "%d", &out->patch) != 1)
		return false;
	out->development = release != text || !strncmp(release + used, "-devel", 6) ||
			   !strncmp(release + used, "beta", 4);
	experiments = strstr(release, "X:");
	if (experiments && experiments > release &&
	    (experiments[-1] == ' ' || experiments[-1] == '-'))
		snprintf(out->experiments, sizeof out->experiments, "%s", experiments + 2);
	return true;
}

static const struct experiment *find_experiment(const char *name, size_t length, int minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_experiments); i++)
		if (minor >= known_experiments[i].from && minor <= known_experiments[i].to &&
		    strlen(known_experiments[i].name) == length &&
		    !strncmp(known_experiments[i].name, name, length))
			return &known_experiments[i];
	return NULL;
}

/* Change L by the version's experiments. The first that is not known here, NULL if all are; its length
 * in *LENGTH. */
static const char *apply_experiments(const struct go_version *version, struct layout *l, int *length)
{
	const char *unknown = NULL;

	for (const char *at = version->experiments; *at;) {
		size_t n = strcspn(at, ", ");
		const struct experiment *e = find_experiment(at, n, l->minor);

		if (e && e->change)
			e->change(l);
		if (n && !e && !unknown) {
			*length = (int)n;
			unknown = at;
		}
		at += n + (at[n] != '\0');
	}
	return unknown;
}

/* The table is amd64's. Elsewhere cache lines may be longer, to which some structures are padded, and
 * what is kept of a goroutine that was interrupted is the machine's. */
static void on_this_machine(struct layout *l)
{
	int32_t longer = (int32_t)abi_cache_line - 64;

	if (l->minor >= 22)
		l->mheap_arenas += longer; /* a line's pad stands before it */
	if (l->cleanup_queue_all >= 0)
		l->cleanup_queue_all += 2 * longer;
	if (l->x_regs_size >= 0)
		l->x_regs_size = (int32_t)abi_x_regs;
}

/* The table's column, but for what earlier patches of a version had elsewhere (m.alllink, which moved in
 * 1.23 and 1.24, is looked for: globals.c). */
static struct layout column(const struct go_version *version, int minor)
{
	struct layout l = layouts[minor - OLDEST];

	if (version->minor == 18 && version->patch < 4)
		l.heapstats_size = 1184; /* until it was whole numbers of 64 bits on all machines */
	if (version->minor < 20) /* it came with late patches of the first two versions */
		l.scan_index = version->patch >= (version->minor == 18 ? 10 : 5);
	on_this_machine(&l);
	return l;
}

static bool older_than_all(const struct go_version *version, struct error *err)
{
	if (version->minor >= OLDEST)
		return false;
	fail(err, STATUS_UNSUPPORTED, "the program was built with %s: goretain reads go1.%d to go1.%d",
	     version->text, OLDEST, NEWEST);
	return true;
}

/* "..., which ...: --unproven tries it". */
static bool refuse(const struct go_version *version, const char *what, struct error *err)
{
	return fail(err, STATUS_UNSUPPORTED, "the program was built with %s, %s: --unproven tries to read "
		    "it and checks all that can be checked", version->text, what);
}

bool layout_for(const struct go_version *version, struct layout *out, struct error *err)
{
	const char *experiment;
	char what[LAYOUT_WORDS];
	int length = 0;

	if (older_than_all(version, err))
		return false;
	if (version->minor > NEWEST) {
		snprintf(what, sizeof what, "newer than go1.%d, the newest that goretain knows", NEWEST);
		return refuse(version, what, err);
	}
	if (version->development)
		return refuse(version, "which is no release: its layout has not been measured", err);
	*out = column(version, version->minor);
	experiment = apply_experiments(version, out, &length);
	if (experiment) {
		snprintf(what, sizeof what, "with the experiment %.*s, which may change the runtime's "
			 "layout", length, experiment);
		return refuse(version, what, err);
	}
	return true;
}

bool layout_nearest(const struct go_version *version, struct layout *out,
		    char unproven[LAYOUT_WORDS], struct error *err)
{
	int minor = version->minor < NEWEST ? version->minor : NEWEST, length;

	*unproven = 0;
	if (older_than_all(version, err))
		return false;
	if (layout_for(version, out, NULL))
		return true;
	snprintf(unproven, LAYOUT_WORDS, "%s read as go1.%d", version->text, minor);
	*out = column(version, minor);
	apply_experiments(version, out, &length);
	return true;
}

const char *layout_wait_reason(const struct layout *layout, unsigned reason)
{
	static const uint8_t columns[] = { 0, 0, 1, 1, 2, 2, 3, 4, 5, 5 };
	int column = columns[layout->minor - OLDEST];

	for (size_t i = 0; i < ARRAY_SIZE(wait_reasons); i++)
		if (wait_reasons[i].number[column] == (int)reason)
			return wait_reasons[i].text;
	return NULL;
}
