/* The insides of map types, made from the types of key and element as the compiler makes them
 * (cmd/compile/internal/reflectdata: MapBucketType to 1.23, MapGroupType from 1.24 on). */
#ifndef GORETAIN_PROBES_GO_TYPES_MAP_TYPES_H
#define GORETAIN_PROBES_GO_TYPES_MAP_TYPES_H

#include "probes/go/types/types.h"

/* Where keys and elements lie, and the type of a bucket or group, into MAP, whose key and element are known.
 * False if that cannot be said, or without memory. Before other threads use the types. */
bool map_type_make(struct types *types, const struct layout *layout, struct rtype *map);

/* Of a value of TYPE in memory: 1 to 8 bytes. 0 if that cannot be said. */
uint64_t map_type_align(const struct types *types, uint32_t type);

#endif
