/* sync.Maps in globals, told by what is in them. */
#ifndef GORETAIN_PROBES_GO_MAPS_SYNC_GLOBALS_H
#define GORETAIN_PROBES_GO_MAPS_SYNC_GLOBALS_H

#include "probes/go/heap.h"

/* Enter the sync.Maps in data and bss that nothing else tells among heap.code.globals: their methods are
 * shared code from Go 1.24 on, whose receivers have no type of their own. A trie that was used keeps
 * how its keys hash and its values compare, and so do the types. False when out of memory. */
bool sync_globals_find(struct heap *heap, struct error *err);

#endif
