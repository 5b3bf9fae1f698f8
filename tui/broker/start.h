/* Starting the reader: everything that it must not have is given up on the way. */
#ifndef GORETAIN_TUI_BROKER_START_H
#define GORETAIN_TUI_BROKER_START_H

#include "tui/broker/broker.h"
#include "tui/broker/state.h"

/* Start the reader and wait until it is prepared: it goes on, and is locked, with start_go. False with
 * errno set if it cannot be started; if it ends before it is prepared, that is seen as its end. */
bool start_reader(struct broker *b, const struct reader *reader);
void start_go(struct broker *b);

#endif
