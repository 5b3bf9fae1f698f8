/* Fuzzes what people type: WHAT, regular expressions and SQL, over the graph of a snapshot.
 *
 *   fuzz-words SNAPSHOT SEED FIRST COUNT SECONDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/builder.h"
#include "graph/query/what.h"
#include "graph/sql/sql.h"
#include "harness.h"
#include "probes/go/heap.h"
#include "probes/image/snapfile.h"

#define LONGEST 400

static const char *const pieces[] = {
	"select ", "* ", "from ", "objects ", "maps ", "map_entries ", "where ", "id ", "type ", "= ", "like ",
	"'%' ", "order by ", "retained ", "limit 3", "join ", "edges e ", "on ", "e.src ", "count(", ")", "(",
	"group by ", "-1", "9223372036854775807", "1e999 ", "null ", "x'00' ", ";", "--", "/*", "pragma ", "attach ",
	"recursive ", "with t as ", "printf('%*s',99999999,1) ", "zeroblob(999999999) ", "randomblob(1e9) ",
	"/", "[", "]", "[[:alpha:]", "\\", ".*", "{1,255}", "{255}", "+", "?", "^", "$", "|", "main.", "byName",
	"0x", "ffffffffffffffff", "map[string]", "interface {}", "\x1b[31m", "\xff", "\xe2\x80\xae", "\"", "\n",
};

static void make_words(struct random *r, char *out, size_t room)
{
	size_t n = 0;

	for (uint64_t k = 1 + random_below(r, 12); k; k--) {
		const char *piece = pieces[random_below(r, ARRAY_SIZE(pieces))];
		size_t length = strlen(piece);

		if (n + length >= room)
			break;
		memcpy(out + n, piece, length);
		n += length;
	}
	out[n] = 0;
}

static void check_refusal(const struct error *err, const char *words)
{
	if (err->code != STATUS_USAGE && err->code != STATUS_NOT_FOUND && err->code != STATUS_REFUSED) {
		fprintf(stderr, "%s: status %d, %s\n", words, err->code, err->message);
		abort();
	}
}

static bool ignore_header(void *arg, const char *const *names, unsigned n)
{
	return true;
}

static bool take_row(void *arg, const struct sql_value *values, unsigned n)
{
	unsigned *rows = arg;

	return ++*rows < 100;
}

static bool case_words(void *arg, uint64_t number, struct random *r)
{
	struct graph *g = arg;
	struct sql *sql = sql_open(g, NULL);
	bool any = false;

	for (unsigned i = 0; i < 50; i++) {
		struct error bad_query = {0}, bad_what = {0};
		unsigned rows = 0;
		const struct sql_output output = { ignore_header, take_row, &rows };
		char words[LONGEST] = "select ";
		struct what what;

		make_words(r, words + (i % 2 ? 7 : 0), sizeof words - 7);
		if (sql && sql_run(sql, words, &output, NULL, &bad_query))
			any = true;
		else
			check_refusal(&bad_query, words);
		if (what_resolve(g, words + (i % 2 ? 7 : 0), &what, &bad_what)) {
			any = true;
			what_free(&what);
		} else {
			check_refusal(&bad_what, words);
		}
	}
	sql_close(sql);
	return any;
}

static struct graph *load(const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image *image = snapfile_read(fd, NULL, err);
	struct heap *heap = image ? heap_prepare(image, NULL, err) : NULL;
	struct graph *_Atomic graph = NULL;

	if (!heap)
		return NULL;
	heap->image = image;
	return heap_build(heap, &graph, NULL, err) && graph_mark(graph, NULL, err) &&
	       graph_dominators(graph, NULL, err) ? graph : NULL;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct fuzz_run run = { .name = "words that people type", .case_seconds = 20,
				.case_bytes = 400u << 20 };
	struct graph *g;

	if (!fuzz_arguments(&run, argc, argv, "SNAPSHOT"))
		return 2;
	g = load(argv[1], &err);
	if (!g) {
		printf("Bail out! %s: %s\n", argv[1], err.message);
		return 1;
	}
	return fuzz_run(&run, case_words, g) ? 0 : 1;
}
