/* The Go runtime view: version, modules and the runtime's globals in an image.
 *
 * Reads the image only, never a process or a path. Everything is found by invariants that a wrong
 * guess would break, never by symbols alone, so that stripped programs read as well as others. */
#ifndef GORETAIN_PROBES_GO_GO_H
#define GORETAIN_PROBES_GO_GO_H

#include "graph/base/error.h"
#include "probes/go/layout/layout.h"
#include "probes/image/image.h"

/* One element of the runtime's list of modules (runtime.moduledata): addresses in the target. */
struct go_module {
	uint64_t addr;      /* of the moduledata */
	uint64_t pclntab;   /* of the pcHeader */
	uint64_t funcnametab, cutab, filetab, pctab, pclntable, ftab;
	uint64_t funcnametab_len, cutab_len, filetab_len, pctab_len, pclntable_len; /* bytes; cutab in u32 */
	uint64_t n_ftab;    /* entries, the sentinel included */
	uint64_t text, etext, minpc, maxpc;
	uint64_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss;
	uint64_t types, etypes, rodata, gofunc;
	uint64_t typelinks, n_typelinks; /* []int32, 0 in 1.27 */
	uint64_t data_mask, bss_mask;    /* materialised pointer bitmaps, one bit a word */
	uint64_t n_data_mask, n_bss_mask; /* bits */
};

#define GO_WORDS 16

struct go {
	struct image *image;
	struct layout layout;
	struct go_version version;
	char unproven[LAYOUT_WORDS]; /* why the layout may be wrong: see layout_nearest and prove.h */
	struct go_module *modules;
	uint32_t n_modules;
	char build[64];         /* "PIE, cgo" for people; "" if that is not known */
	char *build_info;       /* as the linker left it, foreign bytes; NULL if there is none. Owned */
	char other_runtime[128]; /* one that the process has besides, which is not read: "go1.22.1 in
				  * libx.so"; "" if it has none */
	/* Addresses of the runtime's globals; 0 where not found (only those marked so may be). */
	uint64_t mheap;
	uint64_t allgs;         /* of the slice */
	uint64_t allm;          /* of the word that holds the first m; may be 0 */
	uint64_t allp;          /* of the slice; may be 0 */
	uint64_t write_barrier; /* of writeBarrier; may be 0 */
	uint64_t heap_stats;    /* of memstats.heapStats; may be 0 */
	uint64_t cleanup_queue; /* of gcCleanups (1.25 on); may be 0 */
	/* Words that certain functions refer to, one of which is meant; 0 behind the last. */
	uint64_t finalizer_words[GO_WORDS]; /* heads the finalizers that wait to run */
	uint64_t pool_words[GO_WORDS];      /* sync's lists of all pools */
	uint64_t itab_words[GO_WORDS];      /* points to the table of itabs */
	uint64_t cleared[2]; /* of sched's lists of sudogs and defers, emptied before each collection */
};

/* Free what go_open (find/open.h) found. */
void go_close(struct go *go);

/* Walk the processors (runtime.p) in the list at ALLP: start with *I = 0. False behind the last; else the
 * address of the next in *P. */
bool go_next_processor(const struct go *go, uint64_t *i, uint64_t *p);

/* The module whose text, or whose types, contain ADDR; NULL if none. */
const struct go_module *go_module_of_pc(const struct go *go, uint64_t pc);
const struct go_module *go_module_of_type(const struct go *go, uint64_t addr);

/* Do the module's variables lie where ADDR is? */
bool go_module_has_variable(const struct go_module *m, uint64_t addr);

#endif
