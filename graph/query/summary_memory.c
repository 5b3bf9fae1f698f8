/* The parts of the resident set as rows for people: large ones alone, small ones together, and beside them what
 * takes no memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/query/proof.h"
#include "graph/query/summary.h"

#define ALWAYS 5               /* the first parts are Go's own, of which a zero says something too */
#define SMALL 100              /* another part of less than a hundredth has no row of its own */
#define LEAST_BESIDE (1u << 20) /* nor has what takes no memory if it is less than that */
#define BESIDE 2               /* or less than half of what is resident */

static const char all_other[] = "all other";

static const struct { const char *name, *words; } meanings[] = {
	{ "live heap", "Objects that are reached from the roots, as far as they have memory." },
	{ "garbage", "Objects that nothing reaches: the next collection frees them." },
	{ "free heap", "Heap without objects. Idle: free spans that were not given back to the system. Pinned: "
		       "free slots beside objects in use, which is fragmentation; the table size_classes has "
		       "it by size. Given back: returned to the system, so that it takes no memory." },
	{ "stacks", "Stacks of goroutines. Used: down to the stack pointer. Unused: below it, reached once or "
		    "not yet. Free: kept for goroutines to come." },
	{ "runtime", "What the Go runtime has for itself: records of spans and arenas, marks of the collector, "
		     "profiles. Not told apart: what its counters have beyond that." },
	{ "globals", "Data and bss of the program and its libraries." },
	{ "C heap", "What malloc has from the system, in use or free." },
	{ "thread stacks", "Stacks of the system's threads, on which C code runs." },
	{ "mapped files", "Pages of files: code and constants of the program and its libraries, files that it "
			  "maps. The system can drop what was not written to." },
	{ "other memory", "Anonymous and shared mappings that are neither Go's nor malloc's." },
	{ all_other, "The parts that are smaller than a hundredth." },
	{ "never touched", "Allocated, but nobody ever wrote to it: it has no memory and costs nothing." },
	{ "given back", "Free heap that the runtime returned to the system: it takes no memory." },
	{ "swapped out, of all parts", "It was not read, so as not to bring it back into memory." },
	{ "huge pages set aside", "Memory of hugetlb, which the system counts in no resident set." },
};

static uint64_t detail(const struct graph *g, const char *part, const char *name)
{
	for (uint32_t i = 0; i < g->n_details; i++)
		if (g->details[i].resident == 1 && !strcmp(g->details[i].part, part) &&
		    !strcmp(g->details[i].detail, name))
			return g->details[i].bytes;
	return 0;
}

static void note_share(const struct graph *g, struct memory_part *part, const char *of,
		       const char *name)
{
	autotext struct text share = {0};

	if (!part->bytes)
		return;
	proof_percent(&share, detail(g, of, name), part->bytes);
	snprintf(part->note, sizeof part->note, "%s %s", text_string(&share), name);
}

/* A part's row: what it is called, and what of it is said first. */
static struct memory_part part_row(const struct graph *g, const char *name, uint64_t bytes)
{
	struct memory_part part = { .bytes = bytes, .part = name };
	autotext struct text count = {0};

	if (!strcmp(name, "stacks") && graph_stage(g) >= STAGE_EDGES && g->n_tasks)
		text_count(&count, g->n_tasks);
	snprintf(part.name, sizeof part.name, "%s%s%s", text_string(&count), count.length ? " " : "", name);
	if (graph_stage(g) < STAGE_EDGES)
		return part;
	if (!strcmp(name, "free heap"))
		note_share(g, &part, name, "idle");
	else if (!strcmp(name, "stacks"))
		note_share(g, &part, name, "used");
	return part;
}

static int by_bytes(const void *a, const void *b)
{
	const struct memory_part *x = a, *y = b;

	return x->bytes != y->bytes ? x->bytes > y->bytes ? -1 : 1 : 0;
}

/* The parts that are not Go's own: large ones, most first, then the rest in one row. */
static uint32_t add_others(const struct graph *g, struct memory_part *parts, uint32_t max)
{
	struct memory_part rest = { .part = all_other };
	uint32_t n = 0, n_rest = 0;

	snprintf(rest.name, sizeof rest.name, "%s", all_other);
	for (uint32_t i = ALWAYS; i < g->n_memory; i++) {
		struct memory_part part = part_row(g, g->memory[i].name, g->memory[i].bytes);

		if (part.bytes * SMALL >= g->meta.rss && n + 1 < max) {
			parts[n++] = part;
		} else {
			rest.bytes += part.bytes;
			n_rest += part.bytes != 0;
		}
	}
	if (n)
		qsort(parts, n, sizeof *parts, by_bytes);
	if (n_rest && n < max)
		parts[n++] = rest;
	return n;
}

/* What takes no memory, where there is much of it. */
static uint32_t add_beside(const struct graph *g, struct memory_part *parts, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_details; i++) {
		const struct memory_detail *d = &g->details[i];
		struct memory_part part = { .part = d->detail, .bytes = d->bytes, .beside = true };
		uint32_t same = 0;

		if (d->resident)
			continue;
		while (same < n && strcmp(parts[same].part, d->detail))
			same++;
		if (same < n) {
			parts[same].bytes += d->bytes;
			continue;
		}
		if (n == max)
			break;
		snprintf(part.name, sizeof part.name, "%.*s", (int)strcspn(d->detail, ","), d->detail);
		snprintf(part.note, sizeof part.note, "not resident");
		parts[n++] = part;
	}
	for (uint32_t i = 0; i < n;)
		if (parts[i].bytes < LEAST_BESIDE || parts[i].bytes < g->meta.rss / BESIDE)
			parts[i] = parts[--n];
		else
			i++;
	return n;
}

/* Where it is not known what was resident: what is allocated. */
static uint32_t add_allocated(const struct graph *g, struct memory_part *parts, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_details && n < max; i++)
		if (g->details[i].resident < 0)
			parts[n++] = part_row(g, g->details[i].part, g->details[i].bytes);
	for (uint32_t i = 0; i < n; i++)
		snprintf(parts[i].note, sizeof parts[i].note, "allocated");
	return n;
}

uint32_t summary_memory(const struct graph *g, struct memory_part *parts, uint32_t max)
{
	uint32_t n = 0;

	if (!g->n_memory)
		return graph_stage(g) >= STAGE_EDGES ? add_allocated(g, parts, max) : 0;
	for (; n < g->n_memory && n < ALWAYS && n < max; n++)
		parts[n] = part_row(g, g->memory[n].name, g->memory[n].bytes);
	n += add_others(g, parts + n, max - n);
	return n + (graph_stage(g) >= STAGE_LIVE ? add_beside(g, parts + n, max - n) : 0);
}

bool summary_memory_known(const struct graph *g)
{
	return g->n_memory || !g->n_details;
}

static void say_detail(const struct memory_detail *d, struct text *out)
{
	autotext struct text size = {0};

	text_size(&size, d->bytes, true);
	text_printf(out, "\n%20s  %s%s", text_string(&size), d->detail,
		    d->resident == 0 ? " (not resident)" : "");
}

void summary_memory_part(const struct graph *g, const struct memory_part *part, struct text *out)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (!strcmp(meanings[i].name, part->part))
			text_puts(out, meanings[i].words);
	text_putc(out, '\n');
	for (uint32_t i = 0; i < g->n_details; i++)
		if (g->details[i].bytes && (!strcmp(g->details[i].part, part->part) ||
					    (part->beside && !strcmp(g->details[i].detail, part->part))))
			say_detail(&g->details[i], out);
	for (uint32_t i = ALWAYS; part->part == all_other && i < g->n_memory; i++)
		if (g->memory[i].bytes && g->memory[i].bytes * SMALL < g->meta.rss)
			say_detail(&(struct memory_detail){ .detail = g->memory[i].name, .resident = 1,
							    .bytes = g->memory[i].bytes }, out);
}
