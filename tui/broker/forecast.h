/* The forecast of a stop, said before it happens, and asked about if it is long. */
#ifndef GORETAIN_TUI_BROKER_FORECAST_H
#define GORETAIN_TUI_BROKER_FORECAST_H

#include "tui/command.h"

/* Whose forecasts are said, and to whom: the command's. */
struct forecast_teller { const struct request *request; struct source *source; };

/* Have the source say its forecasts on standard error, for a command that prints text, as long as *TELLER
 * lives. One above --max-pause is asked about on a terminal and refused elsewhere (STATUS_REFUSED). */
void forecast_say(struct forecast_teller *teller);

#endif
