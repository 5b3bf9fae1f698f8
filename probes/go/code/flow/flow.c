#include "probes/go/code/flow/flow.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "probes/go/code/place.h"
#include "probes/go/code/types.h"

#define MAX_STEPS 32u    /* of places behind one another */
#define MAX_RESTARTS 8u  /* without what turned out to disagree */

struct list { struct code_vote *items; uint32_t n, capacity; };

struct solver {
	const struct types *types;
	const struct code_facts *facts;
	struct code_flow *flows; /* by where they come from */
	uint32_t n_flows;
	struct list known;   /* what is known of each place, by place */
	struct list refused; /* places of which nothing can be said, by place */
	bool failed;         /* out of memory */
};

static void add(struct solver *s, struct list *list, struct code_vote vote)
{
	struct code_vote *item = GROW(list->items, list->n, list->capacity);

	if (!item) {
		s->failed = true;
		return;
	}
	*item = vote;
	list->n++;
}

static const struct code_vote *find(const struct list *list, uint64_t place)
{
	return sorted_find(list->items, list->n, sizeof *list->items, place);
}

static void merge(struct solver *s, struct list *into, const struct list *from)
{
	for (uint32_t i = 0; i < from->n; i++)
		add(s, into, from->items[i]);
	votes_sort(into->items, into->n);
}

/* Judge VOTES, sorting them: into OUT, or to what is refused. */
static void judge(struct solver *s, struct list *votes, struct list *out)
{
	struct list refused = { 0 };

	votes_sort(votes->items, votes->n);
	for (uint32_t i = 0, next; i < votes->n; i = next) {
		const struct code_vote *best;

		for (next = i + 1; next < votes->n; next++)
			if (votes->items[next].addr != votes->items[i].addr)
				break;
		best = votes_judge(s->types, votes->items + i, next - i);
		add(s, best ? out : &refused, best ? *best : votes->items[i]);
	}
	merge(s, &s->refused, &refused);
	free(refused.items);
}

/* What the word at the place holds: a global may be known as a value of a struct. */
static bool word_of(const struct solver *s, struct code_vote *v)
{
	enum code_form form;

	if (v->form != CODE_VALUE)
		return v->form != VOTE_INTERFACE;
	if (!code_word_at(s->types, v->type, 0, &form, &v->type))
		return false;
	v->form = (uint8_t)form;
	return true;
}

/* What closures captured, as far as something flows from there. */
static void add_captures(struct solver *s, struct list *out)
{
	for (uint32_t i = 0; i < s->n_flows; i++) {
		uint64_t from = s->flows[i].from;
		struct code_vote v = { .addr = from };
		enum code_form form;
		uint32_t type;

		if (!place_is_capture(from) || (out->n && out->items[out->n - 1].addr == from))
			continue;
		type = code_closure_type(s->facts, place_entry(from));
		if (type == NO_TYPE ||
		    !code_word_at(s->types, type, place_capture_offset(from), &form, &v.type))
			continue;
		v.form = (uint8_t)form;
		add(s, out, v);
	}
}

/* Votes for the places that FRONTIER flows to and that nothing is known of. */
static void step(struct solver *s, const struct list *frontier, struct list *votes)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->n_flows && at < frontier->n; i++) {
		struct code_vote v;

		while (at < frontier->n && frontier->items[at].addr < s->flows[i].from)
			at++;
		if (at == frontier->n || frontier->items[at].addr != s->flows[i].from ||
		    find(&s->known, s->flows[i].to) || find(&s->refused, s->flows[i].to))
			continue;
		v = frontier->items[at];
		if (!word_of(s, &v))
			continue;
		v.addr = s->flows[i].to;
		add(s, votes, v);
	}
}

/* From what is known follow the flows until nothing new is learnt. */
static void propagate(struct solver *s)
{
	struct list frontier = { 0 };

	add_captures(s, &frontier);
	merge(s, &frontier, &s->known);
	for (unsigned i = 0; frontier.n && i < MAX_STEPS && !s->failed; i++) {
		struct list votes = { 0 };

		step(s, &frontier, &votes);
		frontier.n = 0;
		judge(s, &votes, &frontier);
		merge(s, &s->known, &frontier);
		free(votes.items);
	}
	free(frontier.items);
}

/* Which end of a flow between places whose types disagree is to be doubted: a variable's own uses say its
 * type, a function may be handed values of many types (unsafe.Pointer). */
static uint64_t doubtful(const struct code_flow *flow)
{
	return flow->to & PLACE_OF_FUNCTION ? flow->to : flow->from;
}

/* Refuse what disagrees. False if nothing does. */
static bool refuse(struct solver *s)
{
	struct list refused = { 0 };
	bool any;

	for (uint32_t i = 0; i < s->n_flows; i++) {
		const struct code_vote *from = find(&s->known, s->flows[i].from);
		const struct code_vote *to = from ? find(&s->known, s->flows[i].to) : NULL;
		struct code_vote a, b;

		if (!to)
			continue;
		a = *from;
		b = *to;
		if (word_of(s, &a) && word_of(s, &b) && !votes_cover(s->types, &a, &b) &&
		    !votes_cover(s->types, &b, &a))
			add(s, &refused, (struct code_vote){ .addr = doubtful(&s->flows[i]) });
	}
	any = refused.n != 0;
	merge(s, &s->refused, &refused);
	free(refused.items);
	return any;
}

/* Known is what VOTES say but for what is refused. */
static void begin(struct solver *s, struct list *votes)
{
	uint32_t n = 0;

	s->known.n = 0;
	judge(s, votes, &s->known);
	for (uint32_t i = 0; i < s->known.n; i++)
		if (!find(&s->refused, s->known.items[i].addr))
			s->known.items[n++] = s->known.items[i];
	s->known.n = n;
}

static struct code_global fact_of(const struct solver *s, const struct code_names *names,
				  const struct code_vote *v)
{
	return (struct code_global){
		.addr = v->addr, .form = v->form,
		.type = code_is_shape(s->types, v->type) ? names_instance(names, s->types, v->type)
							 : v->type,
	};
}

/* Variables come first: they have the lower numbers. */
static bool hand_over(const struct solver *s, const struct code_names *names, struct code_facts *out)
{
	uint32_t n = 0;

	while (n < s->known.n && !(s->known.items[n].addr & PLACE_OF_FUNCTION))
		n++;
	out->globals = malloc((n + 1ul) * sizeof *out->globals);
	out->places = malloc((s->known.n - n + 1ul) * sizeof *out->places);
	if (!out->globals || !out->places)
		return false;
	for (uint32_t i = 0; i < s->known.n; i++) {
		struct code_global fact = fact_of(s, names, &s->known.items[i]);

		if (i < n)
			out->globals[out->n_globals++] = fact;
		else
			out->places[out->n_places++] = fact;
	}
	return true;
}

static int by_from(const void *a, const void *b)
{
	const struct code_flow *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

bool flow_solve(struct code_found *all, const struct types *types, const struct code_names *names,
		struct code_facts *out)
{
	struct solver s = { .types = types, .facts = out, .flows = all->flows, .n_flows = all->n_flows };
	struct list votes = { all->votes, all->n_votes, all->votes_capacity };
	bool ok;

	if (s.n_flows)
		qsort(s.flows, s.n_flows, sizeof *s.flows, by_from);
	begin(&s, &votes);
	for (unsigned i = 0; i <= MAX_RESTARTS; i++) {
		propagate(&s);
		if (!refuse(&s))
			break;
		begin(&s, &votes);
	}
	ok = !s.failed && hand_over(&s, names, out);
	free(s.known.items);
	free(s.refused.items);
	return ok;
}
