/* What may be told to others. An export shows field names, types and keys that belong to the
 * program itself (schema keys); other keys are data, of which only the length is shown. */
#ifndef GORETAIN_GRAPH_EXPORT_CONTENT_H
#define GORETAIN_GRAPH_EXPORT_CONTENT_H

#include "graph/base/text.h"
#include "graph/graph.h"

/* label_edge for others: `["user:42"]` becomes `["…7 B"]`, unless a schema key or WITH_DATA. */
void content_edge_label(const struct graph *g, uint32_t src, uint32_t dst, bool with_data,
			struct text *out);

#endif
