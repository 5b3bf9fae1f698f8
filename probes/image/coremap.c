#include "probes/image/coremap.h"

#include "graph/base/sorted.h"

#define IN_PAGE (IMAGE_PAGE - 1ull)
#define MOST_TRIED 64 /* mappings of one library */

struct segments { struct program_segment items[PROGRAM_SEGMENTS]; unsigned n; };

static struct segments read_segments(const uint8_t head[IMAGE_PAGE])
{
	struct segments s;

	s.n = program_segments(head, s.items);
	return s;
}

/* Was M mapped from segment S when it was loaded at BIAS? */
static bool is_of(const struct core_mapping *m, const struct program_segment *s, uint64_t bias)
{
	uint64_t into = m->file_offset - s->at, size = s->hi - s->lo;

	return into < size && m->hi - m->lo <= size - into && m->lo == bias + s->lo + into;
}

static const struct program_segment *segment_of(const struct segments *s, const struct core_mapping *m,
						uint64_t bias)
{
	for (unsigned i = 0; i < s->n; i++)
		if (is_of(m, &s->items[i], bias))
			return &s->items[i];
	return NULL;
}

/* Does any of FILE's mappings lie as SEGMENTS at BIAS say? *LISTED: is there one at all? */
static bool agrees(const struct elfcore *core, uint32_t file, const struct segments *segments,
		   uint64_t bias, bool *listed)
{
	*listed = false;
	for (uint32_t i = 0; i < core->n_mappings; i++) {
		if (core->mappings[i].file != file)
			continue;
		*listed = true;
		if (segment_of(segments, &core->mappings[i], bias))
			return true;
	}
	return false;
}

bool coremap_program(const struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE],
		     uint64_t *bias)
{
	const struct segments segments = read_segments(head);
	uint64_t headers, entry;
	bool listed;

	if (!core->headers || !program_entry(head, &headers, &entry))
		return false;
	*bias = core->headers - headers;
	if (*bias & IN_PAGE || (core->entry && core->entry != *bias + entry))
		return false;
	return agrees(core, file, &segments, *bias, &listed) || (!listed && core->entry);
}

/* Is all of S at BIAS mapped from FILE? */
static bool is_covered(const struct elfcore *core, uint32_t file, const struct program_segment *s,
		       uint64_t bias)
{
	for (uint64_t at = s->lo + bias; at < s->hi + bias;) {
		const struct core_mapping *m = elfcore_mapping(core, at);

		if (!m || m->file != file || !is_of(m, s, bias))
			return false;
		at = m->hi;
	}
	return true;
}

bool coremap_library(const struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE],
		     uint64_t *bias)
{
	const struct segments segments = read_segments(head);
	const struct program_segment *last;
	unsigned tried = 0;

	if (!segments.n)
		return false;
	last = &segments.items[segments.n - 1];
	for (uint32_t i = 0; i < core->n_mappings && tried < MOST_TRIED; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->file != file || m->file_offset < last->at)
			continue;
		tried++;
		*bias = m->lo - (last->lo + (m->file_offset - last->at));
		if (is_covered(core, file, last, *bias))
			return true;
	}
	return false;
}

/* The first mapping, and the first segment of the core file, that ends behind ADDR. */
static const struct core_mapping *mapping_behind(const struct elfcore *core, uint64_t addr)
{
	uint32_t i = sorted_above(core->mappings, core->n_mappings, sizeof *core->mappings, addr);

	return i < core->n_mappings ? &core->mappings[i] : NULL;
}

static const struct core_segment *piece_behind(const struct elfcore *core, uint64_t addr)
{
	uint32_t i = sorted_above(core->segments, core->n_segments, sizeof *core->segments, addr);

	return i < core->n_segments ? &core->segments[i] : NULL;
}

/* Where what lies at ADDR ends: [*LO, *HI) is the next that is known there, UINT64_MAX if nothing is. Where the
 * list of mappings has FILE, memory without a mapping was no longer the file's. */
static void next_known(const struct elfcore *core, uint64_t addr, bool listed, uint64_t *lo, uint64_t *hi)
{
	const struct core_mapping *m = mapping_behind(core, addr);
	const struct core_segment *s = listed ? piece_behind(core, addr) : NULL;
	bool mapping = m && (!s || m->lo <= s->lo);

	*lo = mapping ? m->lo : s ? s->lo : UINT64_MAX;
	*hi = mapping ? m->hi : s ? s->hi : UINT64_MAX;
}

/* The parts of S at BIAS of which nothing is known go into MORE. */
static bool add_gaps(const struct elfcore *core, uint32_t file, const struct program_segment *s,
		     uint64_t bias, bool listed, struct elfcore *more, struct error *err)
{
	uint64_t lo, hi, end = s->hi + bias;

	for (uint64_t at = s->lo + bias; at < end; at = hi) {
		next_known(core, at, listed, &lo, &hi);
		if (lo > end)
			lo = end;
		if (lo > at && !elfcore_add_mapping(more, &(struct core_mapping){
				at, lo, s->at + (at - bias - s->lo), file, s->flags}, err))
			return false;
	}
	return true;
}

bool coremap_complete(struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE], uint64_t bias,
		      struct error *err)
{
	const struct segments segments = read_segments(head);
	struct elfcore more = {0};
	bool listed, ok = true;

	agrees(core, file, &segments, bias, &listed);
	for (uint32_t i = 0; i < core->n_mappings; i++) {
		struct core_mapping *m = &core->mappings[i];
		const struct program_segment *s = m->file == file ? segment_of(&segments, m, bias) : NULL;

		if (s)
			m->flags = s->flags;
	}
	for (unsigned i = 0; ok && i < segments.n; i++)
		ok = add_gaps(core, file, &segments.items[i], bias, listed, &more, err);
	for (uint32_t i = 0; ok && i < more.n_mappings; i++)
		ok = elfcore_add_mapping(core, &more.mappings[i], err);
	elfcore_free(&more);
	elfcore_order_mappings(core);
	return ok;
}
