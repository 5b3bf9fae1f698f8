#include "tui/picture.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/cleanup.h"
#include "graph/export/dot.h"
#include "graph/what.h"
#include "tui/views/views.h"
#include "tui/words.h"

/* The picture that is being asked for and made: it outlives the page it was asked on. */
struct picture {
	struct screen *screen;
	uint32_t node;
	struct text dot;
	struct error err;
};

static void picture_free(struct picture *picture)
{
	text_free(&picture->dot);
	free(picture);
}

static bool write_all(int fd, const char *bytes, size_t length, struct error *err)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(err, STATUS_OUTPUT, "cannot write the picture: %s", strerror(errno));
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

static bool save(struct picture *picture, const char *path, struct error *err)
{
	struct source *source = screen_source(picture->screen);
	const struct dot_wish wish = {
		.hood = { .subjects = &picture->node, .n_subjects = 1, .depth = DOT_DEPTH,
			  .max_nodes = DOT_MAX_NODES, .paths = DOT_PATHS },
		.with_data = screen_request(picture->screen)->with_data,
	};
	autoclose int fd = -1;

	if (!dot_write(screen_graph(picture->screen), &wish, &picture->dot, NULL, err))
		return false;
	fd = source->create(source, path, false, err);
	if (fd < 0)
		return false;
	return write_all(fd, text_string(&picture->dot), picture->dot.length, err) &&
	       source->commit(source, path, err);
}

static void on_name(void *arg, const char *name)
{
	struct picture *picture = arg;
	struct error err = {0};
	autotext struct text shown = {0};

	if (name && *name) {
		text_escape(&shown, name, strlen(name), 200);
		if (save(picture, name, &err))
			screen_message(picture->screen, "saved as %s; dot -Tsvg draws it",
				       text_string(&shown));
		else
			screen_message(picture->screen, "not saved: %s", err.message);
	} else {
		screen_message(picture->screen, "nothing was saved");
	}
	picture_free(picture);
}

/* A file name from the words of a node: letters and digits, the rest as one dash. */
static void propose_name(const struct graph *g, uint32_t node, struct text *out)
{
	autotext struct text name = {0};
	bool dash = true;

	text_puts(out, g->meta.process ? g->meta.process : "heap");
	text_putc(out, '-');
	words_name(g, node, &name);
	for (size_t i = 0; i < name.length && i < 60; i++) {
		unsigned char c = (unsigned char)name.bytes[i];
		bool plain = isalnum(c) || c == '.' || c == '_';

		if (plain)
			text_putc(out, (char)c);
		else if (!dash)
			text_putc(out, '-');
		dash = !plain;
	}
	while (out->length && out->bytes[out->length - 1] == '-')
		out->bytes[--out->length] = '\0';
	text_puts(out, ".dot");
}

void picture_ask(struct page *page)
{
	const struct graph *g = screen_graph(page->screen);
	struct picture *picture;
	struct subject of;
	autotext struct text name = {0};

	if (!screen_has(page->screen, STAGE_RETAINED) || !page->ops->subject ||
	    !page->ops->subject(page, &of)) {
		screen_message(page->screen, "this row has no picture; choose an object or a holder");
		return;
	}
	picture = calloc(1, sizeof *picture);
	if (!picture)
		return;
	picture->screen = page->screen;
	picture->node = of.kind == SUBJECT_HOLDER ? g->n_objects + of.id : of.id;
	propose_name(g, picture->node, &name);
	screen_ask_line(page->screen, "Save the picture as: ", text_string(&name), on_name,
			picture);
}

/* Finding. */

static void open_subject(struct screen *screen, enum subject_kind kind, uint32_t id)
{
	const struct subject subject = { .kind = kind, .id = id };

	screen_open(screen, &object_view, &subject);
}

/* Globals and types that match, as a table of the holders and the largest objects of the types. */
static void open_matches(struct screen *screen, const struct what *what, const char *words)
{
	enum { MOST = 1000 };
	const struct graph *g = screen_graph(screen);
	autofree struct top_item *items = malloc(MOST * sizeof *items);
	autofree uint32_t *nodes = malloc((MOST + (size_t)what->n_holders) * sizeof *nodes);
	struct instances instances = { .top = { .items = items, .max = MOST } };
	struct objects_request request = { .of = OBJECTS_LIST, .nodes = nodes };
	struct error err = {0};
	autotext struct text title = {0};

	if (!items || !nodes)
		return;
	for (uint32_t i = 0; i < what->n_holders; i++)
		nodes[request.n_nodes++] = g->n_objects + what->holders[i];
	if (what->n_types && !what_instances(g, what, &instances, &err)) {
		screen_message(screen, "%s", err.message);
		return;
	}
	for (uint32_t i = 0; i < instances.top.n; i++)
		nodes[request.n_nodes++] = items[i].id;
	text_puts(&title, "found for ");
	text_escape(&title, words, strlen(words), 60);
	request.title = text_string(&title);
	screen_open(screen, &objects_view, &request);
}

static void open_what(struct screen *screen, const struct what *what, const char *words)
{
	struct objects_request request = { .of = OBJECTS_TYPE };
	autotext struct text title = {0};

	if (what->kind == WHAT_OBJECT) {
		open_subject(screen, SUBJECT_OBJECT, what->object);
	} else if (what->kind == WHAT_GLOBAL && what->n_holders == 1) {
		open_subject(screen, SUBJECT_HOLDER, what->holders[0]);
	} else if (what->kind == WHAT_TYPE && what->n_types == 1) {
		request.type = what->types[0];
		text_printf(&title, "live objects of type %s",
			    screen_graph(screen)->types[request.type].name);
		request.title = text_string(&title);
		screen_open(screen, &objects_view, &request);
	} else {
		open_matches(screen, what, words);
	}
}

static void on_find(void *arg, const char *answer)
{
	struct screen *screen = arg;
	struct what what = {0};
	struct error err = {0};
	autotext struct text pattern = {0};

	if (!answer || !*answer)
		return;
	if (what_resolve(screen_graph(screen), answer, &what, &err)) {
		open_what(screen, &what, answer);
		what_free(&what);
		return;
	}
	/* Not a whole name: anything that contains it. */
	for (const char *c = answer; *c && err.code == STATUS_NOT_FOUND; c++) {
		if (strchr("\\^$.[|()?*+{}/", *c))
			text_putc(&pattern, '\\');
		text_putc(&pattern, *c);
	}
	if (pattern.length && answer[0] != '/') {
		autotext struct text regexp = {0};

		text_printf(&regexp, "/%s/", text_string(&pattern));
		if (what_resolve(screen_graph(screen), text_string(&regexp), &what, NULL)) {
			open_what(screen, &what, answer);
			what_free(&what);
			return;
		}
	}
	screen_message(screen, "%s", err.message);
}

void find_ask(struct screen *screen)
{
	if (!screen_has(screen, STAGE_RETAINED))
		screen_message(screen, "finding needs what is being computed still");
	else
		screen_ask_line(screen, "Find an address, global, type or /pattern/: ", "", on_find,
				screen);
}
