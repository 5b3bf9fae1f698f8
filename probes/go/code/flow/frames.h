/* What the words of frames hold, as the code of their functions says: a second look, with what the first pass
 * over all code found, at those functions that are on a stack. */
#ifndef GORETAIN_PROBES_GO_CODE_FLOW_FRAMES_H
#define GORETAIN_PROBES_GO_CODE_FLOW_FRAMES_H

#include "probes/go/code/state.h"

/* A function that was looked at: of the words found those from number FIRST on. First come what is longer
 * than a word (the headers of maps, and CODE_VALUE), then the others by offset; each once. */
struct code_frame { uint64_t entry; uint32_t first, n_areas, n; };

struct code_frames {
	struct code_walker *walker; /* its locals are all words found so far; made when it is needed */
	struct code_frame *table;   /* by entry, open addressing; entry 0: empty */
	uint32_t n, size;
	bool failed; /* out of memory: something is missing */
};

/* What is known of the words of F's frames, in *WORDS; both are valid until the next call. NULL where
 * nothing is. */
const struct code_frame *code_frame_find(struct code_frames *frames, const struct code_facts *facts,
					 const struct go_func *f, const struct code_local **words);

void code_frames_free(struct code_frames *frames);

#endif
