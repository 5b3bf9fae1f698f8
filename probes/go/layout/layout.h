/* Which Go this is, and where its runtime keeps what. The only place that knows versions. */
#ifndef GORETAIN_PROBES_GO_LAYOUT_LAYOUT_H
#define GORETAIN_PROBES_GO_LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "probes/go/layout/table.h"

/* Decoders that changed as a whole. */
enum go_masks { /* where an object's pointer mask is */
	MASKS_HEAP_BITMAP_2,  /* 1.18, 1.19: two bits a word in the arena */
	MASKS_HEAP_BITMAP_1,  /* 1.20, 1.21: one bit a word in the arena, noMorePtrs */
	MASKS_HEADERS,        /* 1.22 on: span tail, malloc header, large type */
};

enum go_maps { MAPS_BUCKETS, MAPS_SWISS };

enum go_sync_map { /* what a sync.Map is made of */
	SYNC_MAP_VALUE,       /* two maps, the one to read in an atomic.Value: to 1.19 */
	SYNC_MAP_POINTER,     /* two maps, the one to read behind an atomic.Pointer: to 1.23 */
	SYNC_MAP_TRIE,        /* its fields say */
};

struct layout {
#define LAYOUT_FIELD(name, ...) int32_t name;
	LAYOUT_TABLE(LAYOUT_FIELD)
#undef LAYOUT_FIELD
	int minor;               /* of go1.N */
	enum go_masks masks;
	enum go_maps maps;
	int32_t hmap_extra;      /* of the overflow lists in a MAPS_BUCKETS map */
	bool inline_marks;       /* Green Tea: 128 bytes of marks at the end of small spans */
	bool split_map_groups;   /* 1.27 map type layout: strides of keys and elements */
	bool type_direct_in_tflag; /* 1.26 on */
	bool fips_data;          /* some packages' variables lie behind all others: 1.24 on */
	bool gc_programs;        /* types may have GC programs: to 1.23 */
	enum go_sync_map sync_map;
	bool field_offset_shifted; /* a field's offset is offset << 1 | embedded: 1.18 */
	bool mask_in_cell;       /* a mask that is made on demand is found through a cell: 1.24 on */
	bool mask_only_types;    /* an object's header may point to a type of size and mask alone: to 1.23 */
	bool growslice_takes_slice; /* behind the element's type; later its parts, then the type: to 1.19 */
	bool scan_index;         /* mspan.freeIndexForScan is there: from 1.18.10, 1.19.5 and 1.20 on */
	bool marked_is_whole;    /* while the collector marks, scan_index stands still: 1.25 on */
	bool label_list;         /* a goroutine's pprof labels are a list of pairs, no map: 1.24 on */
	uint8_t span_index_size; /* bytes of mspan's nelems, freeindex and freeIndexForScan */
	uint8_t special_offset_size; /* bytes of special.offset */
	uint32_t pclntab_magic;
};

struct go_version {
	char text[96];      /* "go1.26.8", as the program says it, sanitised */
	int minor, patch;   /* patch 0 for go1.N and release candidates */
	bool development;   /* not a release: "devel go1.28-...", "go1.28-devel_...", a beta */
	char experiments[64]; /* what follows X:, "" if none */
};

/* Parse "go1.26.8 X:..." or "go1.26.8-X:...", also with a vendor's suffix or "devel" before it. False
 * if it names no version of Go 1. */
bool go_version_parse(struct go_version *out, const char *text);

/* The layout for a version. Refuses by name what nobody has measured: a version that is not in the
 * table, a development build, experiments that may change layouts (STATUS_UNSUPPORTED). The result is
 * the caller's to keep. */
bool layout_for(const struct go_version *version, struct layout *out, struct error *err);

#define LAYOUT_WORDS 160

/* The same for who wants to try: what nobody has measured gets the layout nearest to it, and UNPROVEN
 * says so ("go1.28.0 read as go1.27"), "" where layout_for has one. What is older than the table is
 * refused still. */
bool layout_nearest(const struct go_version *version, struct layout *out,
		    char unproven[LAYOUT_WORDS], struct error *err);

/* Bytes of a map's header: runtime.hmap, of which `extra` is the last, or maps.Map. */
static inline uint64_t layout_map_header(const struct layout *l)
{
	return l->maps == MAPS_BUCKETS ? (uint64_t)l->hmap_extra + 8 : 48;
}

/* Text of wait reason number REASON ("chan receive"), NULL if the number is not known. */
const char *layout_wait_reason(const struct layout *layout, unsigned reason);

#endif
