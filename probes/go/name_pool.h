/* Names that live as long as the graph: one copy, sanitised, of each foreign string. */
#ifndef GORETAIN_PROBES_GO_NAME_POOL_H
#define GORETAIN_PROBES_GO_NAME_POOL_H

#include <stddef.h>
#include <stdint.h>

struct name_pool {
	char **blocks;
	uint32_t n_blocks, capacity_blocks;
	size_t used, size; /* of the last block */
	struct { const char *raw, *copy; } *known; /* by the address of the foreign string */
	uint32_t n_known, size_known;
};

void name_pool_free(struct name_pool *names);

/* A copy of a string that is already sanitised. "" without memory. */
const char *name_pool_copy(struct name_pool *names, const char *string);

/* A sanitised copy of the foreign NUL-terminated string RAW, which must stay where it is: the same
 * RAW gives the same copy. NULL for NULL. */
const char *name_pool_of(struct name_pool *names, const char *raw);

/* The same for a symbol, as the source spells it (symbols.h), and of such a copy the import path: "net/http"
 * of "net/http.(*conn).serve", "" if it has none. */
const char *name_pool_symbol(struct name_pool *names, const char *raw);
const char *name_pool_path_of(const char *symbol);

/* The import path of a foreign symbol RAW, which may lie anywhere. */
const char *name_pool_path(struct name_pool *names, const char *raw);

#endif
