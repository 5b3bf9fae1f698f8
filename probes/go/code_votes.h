/* What single instructions say, collected per worker, and the judgement over all of it. */
#ifndef GORETAIN_PROBES_GO_CODE_VOTES_H
#define GORETAIN_PROBES_GO_CODE_VOTES_H

#include "probes/go/code.h"
#include "probes/go/code_names.h"

/* Beside enum code_form: the word at the address is the data word of an interface, whose type may
 * change. Whatever else was seen to be stored there says nothing. */
#define VOTE_INTERFACE 0xffu

struct code_vote {
	uint64_t addr;
	uint32_t type; /* NO_TYPE for VOTE_INTERFACE */
	uint8_t form;  /* enum code_form or VOTE_INTERFACE */
};

struct code_reference {
	uint64_t addr;
	uint32_t package; /* NO_PACKAGE: of none */
};

/* What one worker found. Zero-initialise. */
struct code_found {
	struct code_vote *votes;
	struct code_closure *closures;
	struct code_reference *references;
	struct code_local *locals;
	uint32_t n_votes, n_closures, n_references, n_locals;
	uint32_t votes_capacity, closures_capacity, references_capacity, locals_capacity;
	bool failed; /* out of memory: something is missing */
};

void found_vote(struct code_found *found, uint64_t addr, uint8_t form, uint32_t type);
void found_closure(struct code_found *found, uint64_t entry, uint32_t type);
void found_reference(struct code_found *found, uint64_t addr, uint32_t package);
void found_local(struct code_found *found, const struct code_local *local);
void found_free(struct code_found *found);

/* Judge what N workers found: sorted, each address once, without contradictions (of locals each once,
 * contradictions stay). The packages' names go over from NAMES to OUT. */
bool found_judge(struct code_found *found, uint32_t n, const struct types *types,
		 struct code_names *names, struct code_facts *out, struct error *err);

#endif
