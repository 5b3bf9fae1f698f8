/* The last line when it asks: for a line of text, for one of several keys, for yes or no. */
#ifndef GORETAIN_TUI_SCREEN_PROMPT_H
#define GORETAIN_TUI_SCREEN_PROMPT_H

#include <stdbool.h>

#include "graph/base/text.h"

enum prompt_kind { PROMPT_NONE, PROMPT_LINE, PROMPT_KEY };

/* ANSWER is the line or the one key as a string, NULL if the person went away (Esc). */
typedef void (*answer_fn)(void *arg, const char *answer);

struct prompt {
	enum prompt_kind kind;
	struct text label;  /* "Save as: "; sanitised */
	struct text input;  /* as typed */
	char keys[32];      /* PROMPT_KEY: what is accepted */
	answer_fn done;
	void *arg;
};

void prompt_free(struct prompt *prompt);
/* Ask for a line, with INITIAL to begin with. */
void prompt_line(struct prompt *prompt, const char *label, const char *initial, answer_fn done,
		 void *arg);
/* Ask for one of the characters KEYS. */
void prompt_key(struct prompt *prompt, const char *label, const char *keys, answer_fn done,
		void *arg);
/* One key while it asks; may call done, which may ask again. */
void prompt_type(struct prompt *prompt, int key);
/* Draw it in row Y, with the cursor at its end. */
void prompt_draw(const struct prompt *prompt, int y, int width);

#endif
