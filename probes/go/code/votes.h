/* What single instructions say, collected per worker, and the judgement over all of it. */
#ifndef GORETAIN_PROBES_GO_CODE_VOTES_H
#define GORETAIN_PROBES_GO_CODE_VOTES_H

#include "probes/go/code/code.h"
#include "probes/go/code/names.h"

/* Beside enum code_form: the word at the address is the data word of an interface, whose type may
 * change. Whatever else was seen to be stored there says nothing. */
#define VOTE_INTERFACE 0xffu

struct code_vote {
	uint64_t addr; /* or a place (place.h) */
	uint32_t type; /* NO_TYPE for VOTE_INTERFACE */
	uint8_t form;  /* enum code_form or VOTE_INTERFACE */
};

/* In a frame of the function that is walked through the word OFFSET bytes above the stack pointer is of
 * FORM and TYPE, wherever the code has DEPTH bytes on the stack. What is known of one word may disagree:
 * the compiler lets variables that are not needed at once share it. */
struct code_local {
	uint32_t offset, depth;
	uint32_t type;
	uint8_t form;    /* enum code_form */
	bool header;     /* the header of a map of TYPE begins there */
};

struct code_reference {
	uint64_t addr;
	uint32_t package; /* NO_PACKAGE: of none */
};

/* The value at one place goes to another. */
struct code_flow { uint64_t from, to; };

#define FOUND_RECENT 8192u

/* What one worker found. Zero-initialise. */
struct code_found {
	struct code_vote *votes;
	struct code_flow *flows;
	struct code_closure *closures;
	struct code_reference *references;
	struct code_local *locals;
	struct code_map_use *map_uses;
	uint32_t n_votes, n_closures, n_references, n_locals, n_flows, n_map_uses;
	uint32_t votes_capacity, closures_capacity, references_capacity, locals_capacity, flows_capacity,
		map_uses_capacity;
	uint64_t recent[FOUND_RECENT]; /* hashes of votes and flows of late */
	bool failed; /* out of memory: something is missing */
};

void found_vote(struct code_found *found, uint64_t addr, uint8_t form, uint32_t type);
void found_closure(struct code_found *found, uint64_t entry, uint32_t type);
void found_reference(struct code_found *found, uint64_t addr, uint32_t package);
void found_map_use(struct code_found *found, struct code_map_use use);
void found_local(struct code_found *found, const struct code_local *local);
void found_flow(struct code_found *found, uint64_t from, uint64_t to);
void found_free(struct code_found *found);

/* Most calls of a function say of its arguments what others have said: of the votes on places and the flows
 * from the given numbers on, take out what was found of late. */
void found_thin(struct code_found *found, uint32_t n_votes, uint32_t n_flows);

/* Can both hold at one address, A saying the same or more? */
bool votes_cover(const struct types *types, const struct code_vote *a, const struct code_vote *b);

/* Of the N votes for one address the one that covers all others; NULL if there is none. */
const struct code_vote *votes_judge(const struct types *types, const struct code_vote *votes, uint32_t n);

/* Sort by address. */
void votes_sort(struct code_vote *votes, uint32_t n);

/* Judge what N workers found: sorted, each address once, without contradictions. The packages' names go over from NAMES to OUT. */
bool found_judge(struct code_found *found, uint32_t n, const struct types *types,
		 struct code_names *names, struct code_facts *out, struct error *err);

#endif
