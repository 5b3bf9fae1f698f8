/* The forecast of a stop, said before it happens, and asked about if it is long. */
#ifndef GORETAIN_TUI_FORECAST_H
#define GORETAIN_TUI_FORECAST_H

#include "tui/command.h"

/* Have SOURCE say its forecasts on standard error, for a command that prints text. One above
 * --max-pause is asked about on a terminal and refused elsewhere (STATUS_REFUSED). */
void forecast_say(const struct request *request, struct source *source);

#endif
