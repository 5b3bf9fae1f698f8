/* What changed between two snapshots: where bytes gather, told by the path that leads there; by type; and
 * by crowd of tasks. */
#ifndef GORETAIN_GRAPH_CHANGE_CHANGE_H
#define GORETAIN_GRAPH_CHANGE_CHANGE_H

#include "graph/change/digest.h"
#include "graph/change/match.h"

enum change_by { CHANGE_BY_PATH, CHANGE_BY_TYPE, CHANGE_BY_TASK };

/* One line of the comparison. Of a path, what it keeps is told once: bytes that gather deeper have a row
 * of their own, and GREW leaves them out. */
struct change_row {
	enum change_by by;
	char *name;          /* "main.sessions", "main.session", "main.(*poller).run" */
	uint32_t object;     /* the one to look at, NO_NODE if none: in the newer snapshot */
	uint32_t holder;     /* BY_TASK: one of them; else NO_NODE */
	uint32_t type;       /* of the object, or the row's; NO_NODE */
	uint64_t now, was;   /* live bytes that hang there, stacks included */
	int64_t grew;        /* bytes */
	int64_t objects;     /* more than before */
	uint64_t count;      /* alike places that are told together (paths), tasks, objects (types) */
	uint64_t count_was;
	bool is_map;         /* entries are known */
	uint64_t entries, entries_was;
};

struct change {
	enum match_how how;
	int64_t elapsed_ns;  /* between the two; not positive if that is not known */
	uint64_t live, live_was, heap, heap_was;
	uint64_t fresh, fresh_objects; /* live bytes that are new since and still here; MATCH_NAMES: 0 */
	uint64_t gone;       /* bytes that went away of what was live */
	struct change_row *rows; uint32_t n; /* by kind, what grew most first */
};

/* Compare G with the older snapshot OLD. Needs STAGE_RETAINED of G. Adds about a fifth of the memory of
 * G's analysis while it runs. Free with change_free, also after a failure. */
bool change_find(const struct graph *g, const struct digest *old, struct change *out,
		 struct progress *progress, struct error *err);
void change_free(struct change *change);
#define autochange __attribute__((cleanup(change_free)))

/* The rows of one kind: from *FIRST on as many as are returned. */
uint32_t change_rows(const struct change *change, enum change_by by, uint32_t *first);

/* Bytes a second of GREW; 0 if the time between the two is not known. */
double change_rate(const struct change *change, int64_t grew);

#endif
