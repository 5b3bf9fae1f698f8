/* Globals of the runtime that nothing in memory points at, told by the instructions that use them. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/find/find.h"
#include "probes/go/find/patterns.h"
#include "probes/go/stack/pclntab.h"

#define MAX_CANDIDATES 4096
#define MAX_TEXT (8u << 20) /* of one module: the runtime comes early in it */
#define MAX_METHODS 32
#define NEAR 40 /* bytes of code: so far before a call are its arguments set */

struct votes {
	uint64_t target[MAX_CANDIDATES];
	uint32_t count[MAX_CANDIDATES];
	uint32_t n;
};

static void vote(struct votes *votes, uint64_t target)
{
	for (uint32_t i = 0; i < votes->n; i++) {
		if (votes->target[i] == target) {
			votes->count[i]++;
			return;
		}
	}
	if (votes->n < MAX_CANDIDATES) {
		votes->target[votes->n] = target;
		votes->count[votes->n++] = 1;
	}
}

/* The target with at least AT_LEAST votes and three times those of the next; 0 if none. */
static uint64_t winner(const struct votes *votes, uint32_t at_least)
{
	uint32_t best = 0, next = 0;
	uint64_t target = 0;

	for (uint32_t i = 0; i < votes->n; i++) {
		if (votes->count[i] > best) {
			next = best;
			best = votes->count[i];
			target = votes->target[i];
		} else if (votes->count[i] > next) {
			next = votes->count[i];
		}
	}
	return best >= at_least && best >= 3 * next ? target : 0;
}

/* The compiler tests the write barrier before each store of a pointer. */
static uint64_t find_write_barrier(const struct go_module *m, const uint8_t *text, uint64_t n,
				   struct votes *votes)
{
	votes->n = 0;
	for (uint64_t i = 0; i < n; i += arch_pc_quantum) {
		uint64_t target = pattern_test(text + i, n - i, m->text + i);

		if (target && go_module_has_variable(m, target))
			vote(votes, target);
	}
	return winner(votes, 100);
}

/* Entries of the methods whose names begin with PREFIX. */
static uint32_t methods(struct go *go, const struct go_module *m, const char *prefix,
			uint64_t entries[MAX_METHODS])
{
	uint32_t found = 0;
	size_t length = strlen(prefix);
	struct go_func f;

	for (uint64_t i = 0; i + 1 < m->n_ftab && found < MAX_METHODS; i++)
		if (func_at(go, m, i, &f) && !strncmp(f.name, prefix, length))
			entries[found++] = f.entry;
	return found;
}

static bool is_one_of(const uint64_t *entries, uint32_t n, uint64_t addr)
{
	for (uint32_t i = 0; i < n; i++)
		if (entries[i] == addr)
			return true;
	return false;
}

/* The receiver of a method that is only ever called on one variable: before the call stands that its
 * address is the first argument. */
static uint64_t find_receiver(struct go *go, const struct go_module *m, const char *prefix,
			      const uint8_t *text, uint64_t n, struct votes *votes)
{
	uint64_t entries[MAX_METHODS];
	uint32_t n_entries = methods(go, m, prefix, entries);

	votes->n = 0;
	for (uint64_t i = NEAR; n_entries && i < n; i += arch_pc_quantum) {
		uint64_t called = pattern_call(text + i, n - i, m->text + i), argument = 0;

		if (!called || !is_one_of(entries, n_entries, called))
			continue;
		for (uint64_t at = i; at > i - NEAR && !argument; ) {
			at -= arch_pc_quantum;
			argument = pattern_argument(text + at, i - at, m->text + at);
		}
		if (argument)
			vote(votes, argument);
	}
	return winner(votes, 4);
}

static bool find_function(struct go *go, const struct go_module *m, const char *name,
			  struct go_func *out)
{
	for (uint64_t i = 0; i + 1 < m->n_ftab; i++)
		if (func_at(go, m, i, out) && !strcmp(out->name, name))
			return true;
	return false;
}

/* The words of [LO, HI) that the function called NAME seems to refer to; who uses them checks what they
 * hold. */
static void find_words(struct go *go, const struct go_module *m, const char *name, uint64_t lo,
		       uint64_t hi, uint64_t words[GO_WORDS])
{
	struct go_func f;
	const uint8_t *code = find_function(go, m, name, &f)
		? image_at(go->image, f.entry, f.end - f.entry) : NULL;
	uint32_t n = 0;

	for (uint64_t i = 0; code && i < f.end - f.entry && n < GO_WORDS; i += arch_pc_quantum) {
		uint64_t target = pattern_reference(code + i, f.end - f.entry - i, f.entry + i);
		bool known = target % 8 || target < lo || target >= hi;

		for (uint32_t k = 0; k < n && !known; k++)
			known = words[k] == target;
		if (!known)
			words[n++] = target;
	}
}

static bool has_word(const uint64_t words[GO_WORDS], uint64_t addr)
{
	for (uint32_t i = 0; i < GO_WORDS && words[i]; i++)
		if (words[i] == addr)
			return true;
	return false;
}

/* What clearpools empties stands in sched in a row: sudoglock, sudogcache, deferlock, deferpool
 * (runtime/runtime2.go); nothing else that it uses does. */
static void find_cleared(struct go *go, const struct go_module *m)
{
	uint64_t words[GO_WORDS] = { 0 };

	find_words(go, m, "runtime.clearpools", m->bss, m->ebss, words);
	for (uint32_t i = 0; i < GO_WORDS && words[i]; i++) {
		if (!has_word(words, words[i] + 8) || !has_word(words, words[i] + 16) ||
		    !has_word(words, words[i] + 24))
			continue;
		go->cleared[0] = words[i] + 8;
		go->cleared[1] = words[i] + 24;
	}
}

void find_by_votes(struct go *go)
{
	autofree struct votes *votes = malloc(sizeof *votes);

	for (uint32_t i = 0; votes && i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];
		uint64_t n = m->etext - m->text;
		const uint8_t *text;

		n = image_run(go->image, m->text, n < MAX_TEXT ? n : MAX_TEXT, &text);
		if (!go->write_barrier)
			go->write_barrier = find_write_barrier(m, text, n, votes);
		if (!go->heap_stats)
			go->heap_stats = find_receiver(go, m, "runtime.(*consistentHeapStats).",
						       text, n, votes);
		if (!go->cleanup_queue && go->layout.cleanup_queue_all >= 0)
			go->cleanup_queue = find_receiver(go, m, "runtime.(*cleanupQueue).", text, n,
							  votes);
		if (!go->finalizer_words[0])
			find_words(go, m, "runtime.queuefinalizer", m->noptrbss, m->enoptrbss,
				   go->finalizer_words);
		if (!go->pool_words[0])
			find_words(go, m, "sync.poolCleanup", m->bss, m->ebss, go->pool_words);
		if (!go->itab_words[0])
			find_words(go, m, "runtime.itabAdd", m->data, m->edata, go->itab_words);
		if (!go->cleared[0])
			find_cleared(go, m);
	}
}
