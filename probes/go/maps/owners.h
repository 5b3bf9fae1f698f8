/* Maps told by what they are made of: groups and buckets are of types that only maps of one key and element
 * have, and where the runtime wrote these types down the map above them is known, too. */
#ifndef GORETAIN_PROBES_GO_MAPS_OWNERS_H
#define GORETAIN_PROBES_GO_MAPS_OWNERS_H

#include "graph/graph.h"
#include "probes/go/types/types.h"

struct heap;

/* A type of groups or buckets, and the map type that has them. */
struct map_owner { uint32_t part, map; enum known known; };

struct map_owners {
	struct map_owner *items; /* by part, each once */
	uint32_t n;
};

/* List all map types. False when out of memory. */
bool map_owners_init(struct map_owners *owners, const struct types *types, struct error *err);
void map_owners_free(struct map_owners *owners);

/* The type of the map whose header is at ADDR if there is one and an object tells it; NO_TYPE otherwise.
 * Whether it is a map the caller has to check. Several named types with one key and element have groups of
 * one type: then it is the type without a name, which is *KNOWN as inferred only. Needs the types of
 * objects. */
uint32_t map_owners_told(const struct heap *heap, uint64_t addr, enum known *known);

#endif
