#include "tui/forecast.h"

#include <stdio.h>
#include <unistd.h>

#include "graph/text.h"
#include "tui/progress_line.h"

static void say(const struct request *request, const struct forecast *forecast)
{
	autotext struct text line = {0};

	text_printf(&line, "stopping %lu for about ", request->pid);
	text_duration(&line, forecast->pause_ns);
	text_puts(&line, " to copy ");
	text_size(&line, forecast->bytes, request->exact_bytes);
	text_puts(&line, " (");
	text_counted(&line, forecast->threads, "thread");
	text_puts(&line, "); this needs about ");
	text_size(&line, forecast->memory, request->exact_bytes);
	text_puts(&line, " of memory");
	progress_line_clear();
	fprintf(stderr, "goretain: %s\n", text_string(&line));
}

static bool can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Ask a question that only `y` answers with yes. */
static bool confirm(const char *question)
{
	char answer[16];

	if (!can_ask())
		return false;
	fprintf(stderr, "goretain: %s [y/N] ", question);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool on_forecast(void *arg, const struct forecast *forecast, struct error *err)
{
	const struct request *request = arg;
	bool longer = forecast->pause_ns > request->max_pause_ms * 1000000;
	autotext struct text pause = {0};

	if (!longer || can_ask())
		say(request, forecast);
	if (!longer || confirm("that is longer than --max-pause; stop it all the same?"))
		return true;
	text_duration(&pause, forecast->pause_ns);
	return fail(err, STATUS_REFUSED, "%lu would be stopped for longer than %lu ms, for about %s; "
		    "--max-pause MS allows more", request->pid, request->max_pause_ms,
		    text_string(&pause));
}

void forecast_say(const struct request *request, struct source *source)
{
	source->on_forecast = on_forecast;
	source->forecast_arg = (void *)request;
}
