/* What the broker asks the person itself, on the terminal and while the reader is stopped: nobody else can
 * draw the question or type the answer. */
#ifndef GORETAIN_TUI_BROKER_ASKING_H
#define GORETAIN_TUI_BROKER_ASKING_H

#include <stdbool.h>
#include <wchar.h>

#include "tui/screen/prompt.h"

struct asking {
	struct prompt prompt; /* PROMPT_NONE: nothing is asked */
	bool screen;          /* on the last line of the screen; else a line on standard error */
	mbstate_t typed;      /* of a character that came in part */
};

/* Can somebody be asked? SCREEN: the explorer is on the terminal. */
bool asking_possible(bool screen);

/* Ask for yes or no: DONE gets a string that begins with y or Y, or not, or NULL. */
void asking_yes(struct asking *a, bool screen, const char *label, answer_fn done, void *arg);
/* Ask for a line, with INITIAL to begin with; only on a screen. */
void asking_line(struct asking *a, const char *label, const char *initial, answer_fn done, void *arg);

/* There is something on standard input; may call DONE. */
void asking_read(struct asking *a);

/* Ask no more: DONE gets NULL. */
void asking_end(struct asking *a);

#endif
