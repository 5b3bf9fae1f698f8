/* The program: the broker starts, and in the reader, locked up, the command runs. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "graph/base/clean.h"
#include "probes/proc/memory.h"
#include "probes/source.h"
#include "probes/target.h"
#include "tui/broker/broker.h"
#include "tui/commands/commands.h"
#include "tui/lock/ahead.h"
#include "tui/lock/lock.h"
#include "tui/needs.h"
#include "tui/options.h"
#include "tui/screen/screen.h"

static enum status complain(const struct error *err)
{
	autotext struct text message = {0};

	/* Whatever it quotes, a terminal gets text. */
	text_clean(&message, err->message, strlen(err->message));
	fprintf(stderr, "goretain: %s\n",
		message.failed ? "not enough memory, not even to say for what" : text_string(&message));
	return err->code;
}

/* The reader, before it is locked. */
static enum status prepare(const struct request *request)
{
	struct error err = {0};

	load_ahead();
	(void)memory_room(); /* opens what the figures stand in */
	return !request->interactive || screen_prepare(request, &err) ? STATUS_OK : complain(&err);
}

/* The reader: in a process of its own, without privileges. */
static enum status read_target(const struct request *request, int broker)
{
	const struct source_wish wish = {
		.target = request->target, .base = request->base, .live = request->pid != 0, .exe = request->exe != NULL,
		.unproven = request->unproven, .verbose = request->verbose,
		.max_pause_ms = request->max_pause_ms,
	};
	struct source *source = source_new(&wish, broker);
	struct error err = {0};
	bool ok = source ? request->command->run(request, source, &err)
			 : fail_memory(&err, "the reader");

	source_free(source);
	if (ok && (fflush(stdout) != 0 || ferror(stdout)))
		ok = fail(&err, STATUS_OUTPUT, "cannot write to standard output: %s",
			  strerror(errno));
	return ok ? STATUS_OK : complain(&err);
}

/* What standard output can show. */
static void look_at_output(struct request *request)
{
	const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;

	request->out_is_terminal = isatty(STDOUT_FILENO);
	request->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	request->colour = request->out_is_terminal && !(no_colour && *no_colour) && terminal &&
			  strcmp(terminal, "dumb") != 0;
	request->columns = 80;
	if (request->out_is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		request->columns = size.ws_col;
	request->interactive = request->command->run == cmd_explore && request->out_is_terminal &&
			       isatty(STDIN_FILENO);
	/* Nothing may write between the lines of the explorer's screen. */
	if (request->interactive && isatty(STDERR_FILENO))
		request->verbose = false;
}

static enum status help(void)
{
	autotext struct text text = {0};

	options_help(&text);
	fputs(text_string(&text), stdout);
	return STATUS_OK;
}

/* The version, and what a reader would be locked with here. */
static enum status version(void)
{
	autotext struct text words = {0};
	struct lock lock;

	puts("goretain " GORETAIN_VERSION);
	fflush(stdout);
	if (lock_try(&lock, memory_room())) {
		lock_words(&lock, &words);
		printf("locks: %s\n", text_string(&words));
	}
	return STATUS_OK;
}

/* A standard descriptor that is closed would be that of the next file or socket that is opened, and what is
 * said would go there. What stands in for it can only be used the wrong way round. */
static bool fill_standard_descriptors(struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return fail(err, STATUS_REFUSED, "standard descriptor %d is closed, and there is "
				    "no /dev/null", fd);
	return true;
}

int main(int argc, char **argv)
{
	struct request request;
	struct error err = {0};
	enum asked asked;

	if (!fill_standard_descriptors(&err) || !needs_met(&err))
		return complain(&err);
	setlocale(LC_ALL, "");
	if (!options_parse(argc, argv, &request, &asked, &err))
		return complain(&err);
	if (asked == ASKED_HELP)
		return help();
	if (asked == ASKED_VERSION)
		return version();
	look_at_output(&request);
	if (!target_find(request.target, &request.pid, &err))
		return complain(&err);
	return broker_run(&request, &(struct reader){prepare, read_target});
}
