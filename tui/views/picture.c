#include "tui/views/picture.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/export/dot.h"
#include "graph/naming.h"
#include "graph/query/what.h"
#include "tui/page/words.h"
#include "tui/views/views.h"

/* The picture that is being asked for and made: it outlives the page it was asked on. */
struct picture {
	struct screen *screen;
	const struct graph *graph;
	uint32_t node;
	struct text proposed, name, dot;
	struct error err;
	bool made;
};

static void picture_free(struct picture *picture)
{
	text_free(&picture->proposed);
	text_free(&picture->name);
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
			return fail(err, STATUS_OUTPUT, "cannot write the picture: %s",
				    strerror(errno));
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* On a thread of its own: the paths may take a while. */
static void make_picture(void *arg, struct progress *progress)
{
	struct picture *picture = arg;
	const struct request *request = screen_request(picture->screen);
	const struct dot_wish wish = {
		.hood = { .subjects = &picture->node, .n_subjects = 1, .depth = DOT_DEPTH,
			  .max_nodes = DOT_MAX_NODES, .paths = DOT_PATHS },
		.with_data = request->with_data && !request->redact,
	};

	progress_begin(progress, "drawing the picture", 0);
	picture->made = dot_write(picture->graph, &wish, &picture->dot, progress, &picture->err);
}

/* The person is asked for the name outside of this screen. False without an error if nothing is wanted. */
static bool save(struct picture *picture)
{
	struct source *source = screen_source(picture->screen);
	autoclose int fd = -1;

	if (!picture->made)
		return false;
	fd = source->save_as(source, text_string(&picture->proposed), &picture->name, &picture->err);
	screen_redraw(picture->screen);
	return fd >= 0 &&
	       write_all(fd, text_string(&picture->dot), picture->dot.length, &picture->err) &&
	       source->commit(source, &picture->err);
}

static void on_made(void *arg)
{
	struct picture *picture = arg;
	bool saved = save(picture);
	autotext struct text shown = {0};

	text_escape(&shown, text_string(&picture->name), picture->name.length, 200);
	if (saved)
		screen_message(picture->screen, "saved as %s; dot -Tpng -O FILE draws it",
			       text_string(&shown));
	else if (picture->err.code)
		screen_message(picture->screen, "not saved: %s", picture->err.message);
	else
		screen_message(picture->screen, "nothing was saved");
	picture_free(picture);
}

/* A file name from the words of a node: letters and digits, the rest as one dash. */
static void propose_name(const struct graph *g, uint32_t node, struct text *out)
{
	autotext struct text name = {0};
	bool dash = true;

	text_printf(&name, "%s-", g->meta.process ? g->meta.process : "heap");
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

	if (!screen_has(page->screen, STAGE_RETAINED) || !page->ops->subject ||
	    !page->ops->subject(page, &of)) {
		screen_message(page->screen,
			       "this row has no picture; choose an object or a holder");
		return;
	}
	picture = calloc(1, sizeof *picture);
	if (!picture)
		return;
	picture->screen = page->screen;
	picture->graph = g;
	picture->node = of.kind == SUBJECT_HOLDER ? g->n_objects + of.id : of.id;
	propose_name(g, picture->node, &picture->proposed);
	if (!screen_errand(page->screen, make_picture, on_made, picture))
		picture_free(picture);
}

/* Finding: what is looked for, and what was found. */
struct finding {
	struct screen *screen;
	const struct graph *graph;
	struct text words;
	bool found;
	struct what what;
	struct top_item items[1000];
	struct instances instances;
	struct error err;
};

/* WORDS as a /regexp/ that matches what contains them. */
static void as_pattern(const char *words, struct text *out)
{
	text_putc(out, '/');
	for (const char *c = words; *c; c++) {
		if (strchr("\\^$.[|()?*+{}/", *c))
			text_putc(out, '\\');
		text_putc(out, *c);
	}
	text_putc(out, '/');
}

static void look_for(void *arg, struct progress *progress)
{
	struct finding *f = arg;
	autotext struct text pattern = {0};

	progress_begin(progress, "looking for it", 0);
	f->found = what_resolve(f->graph, text_string(&f->words), &f->what, &f->err);
	if (!f->found && f->err.code == STATUS_NOT_FOUND && f->words.bytes[0] != '/') {
		as_pattern(text_string(&f->words), &pattern);
		f->found = what_resolve(f->graph, text_string(&pattern), &f->what, NULL);
	}
	f->instances.top.items = f->items;
	f->instances.top.max = ARRAY_SIZE(f->items);
	if (f->found && f->what.n_types && f->what.kind == WHAT_REGEXP)
		f->found = what_instances(f->graph, &f->what, &f->instances, &f->err);
}

static void open_subject(struct screen *screen, enum subject_kind kind, uint32_t id)
{
	const struct subject subject = { .kind = kind, .id = id };

	screen_open(screen, &object_view, &subject);
}

/* The globals that match, and the largest objects of the types that do. */
static void open_matches(const struct finding *f)
{
	autofree uint32_t *nodes = malloc((f->instances.top.n + (size_t)f->what.n_holders + 1) *
					  sizeof *nodes);
	struct objects_request request = { .of = OBJECTS_LIST, .nodes = nodes };
	autotext struct text title = {0};

	for (uint32_t i = 0; nodes && i < f->what.n_holders; i++)
		nodes[request.n_nodes++] = f->graph->n_objects + f->what.holders[i];
	for (uint32_t i = 0; nodes && i < f->instances.top.n; i++)
		nodes[request.n_nodes++] = f->items[i].id;
	text_puts(&title, "found for ");
	text_escape(&title, text_string(&f->words), f->words.length, 60);
	if (f->instances.count > f->instances.top.n) {
		text_puts(&title, ": the largest, none below another, of ");
		text_counted(&title, f->instances.count, "live object");
	}
	request.title = text_string(&title);
	if (nodes)
		screen_open(f->screen, &objects_view, &request);
}

static void open_found(const struct finding *f)
{
	struct objects_request request = { .of = OBJECTS_TYPE };
	autotext struct text title = {0};

	if (f->what.kind == WHAT_OBJECT) {
		open_subject(f->screen, SUBJECT_OBJECT, f->what.object);
	} else if (f->what.kind == WHAT_GLOBAL && f->what.n_holders == 1) {
		open_subject(f->screen, SUBJECT_HOLDER, f->what.holders[0]);
	} else if (f->what.kind == WHAT_TYPE && f->what.n_types == 1) {
		request.type = f->what.types[0];
		request.noun = "live object";
		text_puts(&title, "of type ");
		naming_type(f->graph, &f->graph->types[request.type], &title);
		request.title = text_string(&title);
		screen_open(f->screen, &objects_view, &request);
	} else {
		open_matches(f);
	}
}

static void on_found(void *arg)
{
	struct finding *f = arg;

	if (f->found)
		open_found(f);
	else
		screen_message(f->screen, "%s", f->err.message);
	what_free(&f->what);
	text_free(&f->words);
	free(f);
}

static void on_words(void *arg, const char *words)
{
	struct screen *screen = arg;
	struct finding *f;

	if (!words || !*words)
		return;
	f = calloc(1, sizeof *f);
	if (!f)
		return;
	f->screen = screen;
	f->graph = screen_graph(screen);
	text_puts(&f->words, words);
	if (screen_errand(screen, look_for, on_found, f))
		return;
	text_free(&f->words);
	free(f);
}

void find_ask(struct screen *screen)
{
	if (!screen_has(screen, STAGE_RETAINED))
		screen_message(screen, "finding needs what is being computed still");
	else
		screen_ask_line(screen, "Find an address, global, type or /pattern/: ", "",
				on_words, screen);
}
