#include "tui/broker/forecast.h"

#include <stdio.h>

#include "graph/base/text.h"
#include "tui/page/progress_line.h"

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

static bool on_forecast(void *arg, const struct forecast *forecast, struct error *err)
{
	const struct forecast_teller *teller = arg;
	bool longer = forecast->pause_ns > teller->request->max_pause_ms * 1000000;

	progress_line_clear();
	if (longer && !teller->source->consent(teller->source, forecast, err))
		return false;
	say(teller->request, forecast);
	return true;
}

void forecast_say(struct forecast_teller *teller)
{
	teller->source->on_forecast = on_forecast;
	teller->source->forecast_arg = teller;
}
