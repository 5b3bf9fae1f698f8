/* Writing JSON (RFC 8259), one value after the other; commas and escapes are taken care of. */
#ifndef GORETAIN_GRAPH_BASE_JSON_H
#define GORETAIN_GRAPH_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "graph/base/text.h"

#define JSON_DEPTH 16 /* objects and arrays within each other */

struct json {
	struct text *out;
	unsigned depth;
	bool more[JSON_DEPTH]; /* something stands before in this object or array */
	bool after_key;
};

void json_open(struct json *j, char bracket);  /* '{' or '[' */
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_key(struct json *j, const char *key);
void json_string(struct json *j, const char *s); /* NULL: null */
void json_bytes(struct json *j, const char *s, size_t length);
void json_number(struct json *j, uint64_t n);
void json_signed(struct json *j, int64_t n);
void json_real(struct json *j, double n); /* null if it is not finite */
void json_bool(struct json *j, bool b);
void json_null(struct json *j);

/* The string alone, quoted. Control characters are escaped, C1, bidirectional and other invisible
 * ones too, so that it may be printed to a terminal; malformed UTF-8 becomes U+FFFD. */
void json_quote(struct text *out, const char *s, size_t length);

#endif
