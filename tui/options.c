#include "tui/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"

enum {
	OPT_MAX_PAUSE = 256, OPT_REDACT, OPT_BYTES, OPT_FORCE, OPT_JSON, OPT_TSV, OPT_AS, OPT_FOCUS,
	OPT_EXE, OPT_BASE, OPT_DEPTH, OPT_MAX_NODES, OPT_WITH_DATA, OPT_UNPROVEN, OPT_HELP,
	OPT_VERSION,
};

struct option_row {
	struct option option;
	const char *value;   /* what its value is called in --help, NULL if it takes none */
	const char *summary; /* NULL: not in --help */
};

static const struct option_row rows[] = {
	{{"output", required_argument, NULL, 'o'}, "FILE", "write to FILE; - is standard output"},
	{{"force", no_argument, NULL, OPT_FORCE}, NULL, "replace an existing FILE"},
	{{"max-pause", required_argument, NULL, OPT_MAX_PAUSE}, "MS",
	 "stop the process no longer than this (1000)"},
	{{"with-data", no_argument, NULL, OPT_WITH_DATA}, NULL,
	 "keep the content of memory in what is written, secrets included"},
	{{"redact", no_argument, NULL, OPT_REDACT}, NULL, "show lengths in place of content"},
	{{"bytes", no_argument, NULL, OPT_BYTES}, NULL, "exact bytes"},
	{{"json", no_argument, NULL, OPT_JSON}, NULL, "a table as JSON"},
	{{"tsv", no_argument, NULL, OPT_TSV}, NULL, "a table as tab-separated values"},
	{{"paths", required_argument, NULL, 'n'}, "PATHS", "how many paths to show, or instances of a type (why)"},
	{{"exe", required_argument, NULL, OPT_EXE}, "PATH", "the program of a core file"},
	{{"base", required_argument, NULL, OPT_BASE}, "OLD", NULL}, /* not there yet */
	{{"as", required_argument, NULL, OPT_AS}, "FORMAT", "format of an export"},
	{{"focus", required_argument, NULL, OPT_FOCUS}, "WHAT", "export what is around WHAT"},
	{{"depth", required_argument, NULL, OPT_DEPTH}, "N", "this many steps around it (2)"},
	{{"max-nodes", required_argument, NULL, OPT_MAX_NODES}, "N", "at most so many boxes (80)"},
	{{"unproven", no_argument, NULL, OPT_UNPROVEN}, NULL,
	 "try a Go version or experiment that nobody has measured"},
	{{"verbose", no_argument, NULL, 'v'}, NULL, "say how long the stop and each stage took"},
	{{"help", no_argument, NULL, OPT_HELP}, NULL, "this"},
	{{"version", no_argument, NULL, OPT_VERSION}, NULL, "the version"},
};

/* A number from 0 to MAX. */
static bool parse_number(const char *name, uint64_t max, uint64_t *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoull(optarg, &end, 10);
	if (*optarg >= '0' && *optarg <= '9' && !*end && errno == 0 && *out <= max)
		return true;
	return fail(err, STATUS_USAGE, "%s takes a number up to %lu, not %.64s", name, max, optarg);
}

static bool parse_small(const char *name, uint32_t *out, struct error *err)
{
	uint64_t number;
	bool ok = parse_number(name, 1000000, &number, err);

	*out = (uint32_t)number;
	return ok;
}

/* Apply one option, as getopt_long returned it; GIVEN is how it was written. */
static bool apply(int option, const char *given, struct request *r, enum asked *asked,
		  struct error *err)
{
	switch (option) {
	case 'o': r->output = optarg; return true;
	case 'v': r->verbose = true; return true;
	case 'n': return parse_small("-n", &r->paths, err);
	case OPT_MAX_PAUSE: return parse_number("--max-pause", 3600000, &r->max_pause_ms, err);
	case OPT_DEPTH: return parse_small("--depth", &r->depth, err);
	case OPT_MAX_NODES: return parse_small("--max-nodes", &r->max_nodes, err);
	case OPT_REDACT: r->redact = true; return true;
	case OPT_BYTES: r->exact_bytes = true; return true;
	case OPT_FORCE: r->force = true; return true;
	case OPT_WITH_DATA: r->with_data = true; return true;
	case OPT_UNPROVEN: r->unproven = true; return true;
	case OPT_JSON: r->format = TABLE_JSON; return true;
	case OPT_TSV: r->format = TABLE_TSV; return true;
	case OPT_AS: r->as = optarg; return true;
	case OPT_FOCUS: r->focus = optarg; return true;
	case OPT_EXE: r->exe = optarg; return true;
	case OPT_BASE:
		return fail(err, STATUS_USAGE, "snapshots cannot be compared with --base yet: query "
			    "one at a time");
	case OPT_HELP: *asked = ASKED_HELP; return true;
	case OPT_VERSION: *asked = ASKED_VERSION; return true;
	default:
		return fail(err, STATUS_USAGE, "%.100s is no option or lacks its value; see "
			    "goretain --help", given);
	}
}

static bool parse_options(int argc, char **argv, struct request *r, enum asked *asked,
			  struct error *err)
{
	struct option options[ARRAY_SIZE(rows) + 1] = {{0}};
	int option;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		options[i] = rows[i].option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:n:v", options, NULL)) != -1) {
		autotext struct text given = {0};
		const char *last = argv[optind - 1];

		text_escape(&given, last, strlen(last), 100);
		if (!apply(option, text_string(&given), r, asked, err))
			return false;
	}
	return true;
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = commands; c->run; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* The words that are no options: [COMMAND] TARGET [ARGUMENT]. */
static bool parse_words(char **words, struct request *r, struct error *err)
{
	r->command = *words ? find_command(*words) : NULL;
	if (r->command)
		words++;
	else
		r->command = find_command("");
	if (r->command && r->command->takes_base && !(r->base = *words++))
		return fail(err, STATUS_USAGE, "name two snapshots: goretain %s %s", r->command->name,
			    r->command->usage);
	if (!r->command)
		return fail(err, STATUS_USAGE, "no such command; see goretain --help");
	if (!(r->target = *words))
		return fail(err, STATUS_USAGE, "name a process (its PID) or a file: goretain %s%s%s",
			    r->command->name, *r->command->name ? " " : "", r->command->usage);
	words++;
	if (r->command->takes_argument && !(r->argument = *words++))
		return fail(err, STATUS_USAGE, "something is missing: goretain %s %s",
			    r->command->name, r->command->usage);
	if (*words && !*r->command->name)
		return fail(err, STATUS_USAGE, "there is no command %.100s; goretain --help names "
			    "them all", r->target);
	if (*words)
		return fail(err, STATUS_USAGE, "too many words: goretain %s %s", r->command->name,
			    r->command->usage);
	if (r->command->needs_output && !r->output)
		return fail(err, STATUS_USAGE, "-o FILE is missing: goretain %s %s",
			    r->command->name, r->command->usage);
	return true;
}

bool options_parse(int argc, char **argv, struct request *out, enum asked *asked,
		   struct error *err)
{
	*asked = ASKED_RUN;
	*out = (struct request){.max_pause_ms = 1000};
	if (!parse_options(argc, argv, out, asked, err))
		return false;
	return *asked != ASKED_RUN || parse_words(argv + optind, out, err);
}

enum { HELP_LEFT = 34 }; /* cells of what stands on the left of --help */

static void help_line(struct text *out, const char *left, const char *right)
{
	bool fits = strlen(left) <= HELP_LEFT;

	text_printf(out, "  %-*s%s", fits ? HELP_LEFT + 2 : 0, left, fits ? "" : "\n");
	text_printf(out, "%*s%s\n", fits ? 0 : HELP_LEFT + 4, "", right);
}

void options_help(struct text *out)
{
	autotext struct text left = {0};

	text_puts(out, "goretain: what holds the memory of a running Go program\n\n");
	for (const struct command *c = commands; c->run; c++) {
		text_clear(&left);
		text_printf(&left, "goretain %s%s%s", c->name, *c->name ? " " : "", c->usage);
		help_line(out, text_string(&left), c->summary);
	}
	text_puts(out, "\nTARGET is a PID, a snapshot or core file, or the name of a process.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option *o = &rows[i].option;

		text_clear(&left);
		if (!rows[i].summary)
			continue;
		if (o->val < OPT_MAX_PAUSE)
			text_printf(&left, "-%c, ", o->val);
		text_printf(&left, "--%s %s", o->name, rows[i].value ? rows[i].value : "");
		help_line(out, text_string(&left), rows[i].summary);
	}
	text_puts(out, "\nFor example:\n"
		  "  goretain 4242\n"
		  "  goretain why 4242 main.cache\n"
		  "  goretain sql 4242 \"select type, retained, entries from maps where live "
		  "order by retained desc limit 10\"\n"
		  "  goretain export 4242 --as dot -o heap.dot && dot -Tpng heap.dot -o heap.png\n"
		  "\nExit status: 0 good, 1 nothing found, 2 usage, 3 no such process or no permission, "
		  "4 not Go or a\nversion that is not read, 5 damaged file, 6 the process went away, "
		  "7 output, 8 refused (memory, pause).\n");
}
