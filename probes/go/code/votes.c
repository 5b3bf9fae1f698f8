#include "probes/go/code/votes.h"

#include <stdlib.h>
#include <string.h>

#include "probes/go/code/flow/flow.h"
#include "probes/go/code/place.h"
#include "probes/go/code/types.h"

/* ---- collecting ---- */

/* Room for one more element of SIZE bytes in *ARRAY, which holds N. */
static bool make_room(struct code_found *found, void **array, uint32_t n, uint32_t *capacity,
		      size_t size)
{
	uint32_t more = *capacity ? *capacity * 2 : 256;
	void *grown;

	if (n < *capacity)
		return true;
	grown = more > n ? realloc(*array, more * size) : NULL;
	if (!grown) {
		found->failed = true;
		return false;
	}
	*array = grown;
	*capacity = more;
	return true;
}

#define ROOM(found, list) \
	make_room(found, (void **)&(found)->list, (found)->n_##list, &(found)->list##_capacity, \
		  sizeof *(found)->list)

void found_vote(struct code_found *found, uint64_t addr, uint8_t form, uint32_t type)
{
	if (ROOM(found, votes))
		found->votes[found->n_votes++] = (struct code_vote){ addr, type, form };
}

void found_closure(struct code_found *found, uint64_t entry, uint32_t type)
{
	if (ROOM(found, closures))
		found->closures[found->n_closures++] = (struct code_closure){ entry, type };
}

void found_map_use(struct code_found *found, struct code_map_use use)
{
	if (ROOM(found, map_uses))
		found->map_uses[found->n_map_uses++] = use;
}

void found_reference(struct code_found *found, uint64_t addr, uint32_t package)
{
	if (ROOM(found, references))
		found->references[found->n_references++] = (struct code_reference){ addr, package };
}

void found_local(struct code_found *found, const struct code_local *local)
{
	if (ROOM(found, locals))
		found->locals[found->n_locals++] = *local;
}

void found_flow(struct code_found *found, uint64_t from, uint64_t to)
{
	if (from != to && ROOM(found, flows))
		found->flows[found->n_flows++] = (struct code_flow){ from, to };
}

/* Is it new? */
static bool note_recent(struct code_found *found, uint64_t a, uint64_t b)
{
	uint64_t hash = (a * 0x9e3779b97f4a7c15ull ^ b) * 0xff51afd7ed558ccdull | 1;
	uint64_t *recent = &found->recent[hash >> 32 & (FOUND_RECENT - 1)];
	bool is_new = *recent != hash;

	*recent = hash;
	return is_new;
}

void found_thin(struct code_found *found, uint32_t n_votes, uint32_t n_flows)
{
	uint32_t votes = n_votes, flows = n_flows;

	for (uint32_t i = n_votes; i < found->n_votes; i++) {
		const struct code_vote *v = &found->votes[i];

		if (!(v->addr & PLACE_OF_FUNCTION) ||
		    note_recent(found, v->addr, (uint64_t)v->form << 32 | v->type))
			found->votes[votes++] = *v;
	}
	for (uint32_t i = n_flows; i < found->n_flows; i++)
		if (note_recent(found, found->flows[i].from, found->flows[i].to))
			found->flows[flows++] = found->flows[i];
	found->n_votes = votes;
	found->n_flows = flows;
}

void found_free(struct code_found *found)
{
	free(found->flows);
	free(found->locals);
	free(found->votes);
	free(found->closures);
	free(found->map_uses);
	free(found->references);
	memset(found, 0, sizeof *found);
}

/* Append all of FROM's findings to TO. */
static void merge(struct code_found *to, const struct code_found *from)
{
	for (uint32_t i = 0; i < from->n_votes; i++)
		found_vote(to, from->votes[i].addr, from->votes[i].form, from->votes[i].type);
	for (uint32_t i = 0; i < from->n_closures; i++)
		found_closure(to, from->closures[i].entry, from->closures[i].type);
	for (uint32_t i = 0; i < from->n_map_uses; i++)
		found_map_use(to, from->map_uses[i]);
	for (uint32_t i = 0; i < from->n_references; i++)
		found_reference(to, from->references[i].addr, from->references[i].package);
	for (uint32_t i = 0; i < from->n_flows; i++)
		found_flow(to, from->flows[i].from, from->flows[i].to);
	to->failed |= from->failed;
}

/* ---- judging ---- */

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_votes(const void *a, const void *b)
{
	const struct code_vote *x = a, *y = b;
	int order = COMPARE(x->addr, y->addr);

	if (!order)
		order = COMPARE(x->form, y->form);
	return order ? order : COMPARE(x->type, y->type);
}

static int compare_closures(const void *a, const void *b)
{
	const struct code_closure *x = a, *y = b;
	int order = COMPARE(x->entry, y->entry);

	return order ? order : COMPARE(x->type, y->type);
}

static int compare_references(const void *a, const void *b)
{
	const struct code_reference *x = a, *y = b;
	int order = COMPARE(x->addr, y->addr);

	return order ? order : COMPARE(x->package, y->package);
}

static void sort(void *list, uint32_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n)
		qsort(list, n, size, compare);
}

/* A pointer to a struct is also one to
 * its first field, a struct's first word is also what its first field is, and a slice begins with
 * a pointer to the array that it was made of, which is also one to its first element. */
bool votes_cover(const struct types *types, const struct code_vote *a, const struct code_vote *b)
{
	enum code_form form;
	uint32_t of;

	if (a->form == b->form)
		return a->form == CODE_MAP || a->form == CODE_CHAN
			       ? a->type == b->type
			       : code_begins_with(types, a->type, b->type);
	if (a->form == CODE_SLICE && b->form == CODE_POINTER)
		return code_begins_with(types, a->type, b->type) ||
		       (types_get(types, b->type)->kind == KIND_ARRAY &&
			types_get(types, b->type)->elem == a->type);
	return a->form == CODE_VALUE && code_word_at(types, a->type, 0, &form, &of) &&
	       form == b->form && of == b->type;
}

/* Of the N votes for one address the one that covers all others, or NULL; only of those that come
 * from shared generic code if SHAPES, only of the others if not. */
static const struct code_vote *agreed(const struct types *types, const struct code_vote *votes,
				      uint32_t n, bool shapes, bool *any)
{
	const struct code_vote *best = NULL;

	for (uint32_t i = 0; i < n; i++)
		if (code_is_shape(types, votes[i].type) == shapes &&
		    (!best || !votes_cover(types, best, &votes[i])))
			best = &votes[i];
	*any = best != NULL;
	for (uint32_t i = 0; i < n; i++)
		if (code_is_shape(types, votes[i].type) == shapes && !votes_cover(types, best, &votes[i]))
			return NULL;
	return best;
}

const struct code_vote *votes_judge(const struct types *types, const struct code_vote *votes, uint32_t n)
{
	const struct code_vote *best;
	bool any;

	for (uint32_t i = 0; i < n; i++)
		if (votes[i].form == VOTE_INTERFACE)
			return NULL;
	best = agreed(types, votes, n, false, &any);
	return any ? best : agreed(types, votes, n, true, &any);
}

void votes_sort(struct code_vote *votes, uint32_t n)
{
	sort(votes, n, sizeof *votes, compare_votes);
}

static bool judge_closures(struct code_found *all, struct code_facts *out)
{
	out->closures = malloc((all->n_closures + 1ul) * sizeof *out->closures);
	if (!out->closures)
		return false;
	sort(all->closures, all->n_closures, sizeof *all->closures, compare_closures);
	for (uint32_t i = 0, next; i < all->n_closures; i = next) {
		bool agree = true;

		for (next = i + 1; next < all->n_closures; next++) {
			if (all->closures[next].entry != all->closures[i].entry)
				break;
			agree &= all->closures[next].type == all->closures[i].type;
		}
		if (agree)
			out->closures[out->n_closures++] = all->closures[i];
	}
	return true;
}

static int compare_map_uses(const void *a, const void *b)
{
	const struct code_map_use *x = a, *y = b;
	int order = COMPARE(x->type, y->type);

	if (!order)
		order = COMPARE(x->takes, y->takes);
	return order ? order : COMPARE(x->entry, y->entry);
}

static bool judge_map_uses(struct code_found *all, struct code_facts *out)
{
	out->map_uses = malloc((all->n_map_uses + 1ul) * sizeof *out->map_uses);
	if (!out->map_uses)
		return false;
	sort(all->map_uses, all->n_map_uses, sizeof *all->map_uses, compare_map_uses);
	for (uint32_t i = 0; i < all->n_map_uses; i++)
		if (!i || compare_map_uses(&all->map_uses[i - 1], &all->map_uses[i]) != 0)
			out->map_uses[out->n_map_uses++] = all->map_uses[i];
	return true;
}

/* NO_PACKAGE sorts last: the first and the last package of an address tell whether it is one. */
static bool judge_references(struct code_found *all, struct code_facts *out)
{
	out->references = malloc((all->n_references + 1ul) * sizeof *out->references);
	out->packages = malloc((all->n_references + 1ul) * sizeof *out->packages);
	if (!out->references || !out->packages)
		return false;
	sort(all->references, all->n_references, sizeof *all->references, compare_references);
	for (uint32_t i = 0, next; i < all->n_references; i = next) {
		uint32_t package = all->references[i].package;
		bool one = package != NO_PACKAGE;

		for (next = i + 1; next < all->n_references; next++) {
			if (all->references[next].addr != all->references[i].addr)
				break;
			one &= all->references[next].package == package ||
			       all->references[next].package == NO_PACKAGE;
		}
		out->references[out->n_references] = all->references[i].addr;
		out->packages[out->n_references++] = one ? out->package_names[package] : NULL;
	}
	return true;
}

bool found_judge(struct code_found *found, uint32_t n, const struct types *types,
		 struct code_names *names, struct code_facts *out, struct error *err)
{
	struct code_found all;
	bool ok;

	memset(&all, 0, sizeof all);

	for (uint32_t i = 0; i < n; i++)
		merge(&all, &found[i]);
	out->package_names = names->packages;
	out->n_package_names = names->n_packages;
	names->packages = NULL;
	names->n_packages = 0;
	ok = !all.failed && judge_closures(&all, out) && flow_solve(&all, types, names, out) &&
	     judge_references(&all, out) && judge_map_uses(&all, out);
	found_free(&all);
	return ok || fail_memory(err, "what the code says of types");
}
