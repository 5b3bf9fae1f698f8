#include "tui/screen/prompt.h"

#include <string.h>

#include "tui/screen/keys.h"
#include "tui/widgets/cells.h"

enum { ESC = 27, DELETE = 127, LONGEST = 1024 };

void prompt_free(struct prompt *prompt)
{
	text_free(&prompt->label);
	text_free(&prompt->input);
	prompt->kind = PROMPT_NONE;
}

static void begin(struct prompt *p, enum prompt_kind kind, const char *label, answer_fn done,
		  void *arg)
{
	p->kind = kind;
	p->done = done;
	p->arg = arg;
	text_clear(&p->label);
	text_puts(&p->label, label);
	text_clear(&p->input);
}

void prompt_line(struct prompt *p, const char *label, const char *initial, answer_fn done,
		 void *arg)
{
	begin(p, PROMPT_LINE, label, done, arg);
	text_puts(&p->input, initial);
}

void prompt_key(struct prompt *p, const char *label, const char *keys, answer_fn done, void *arg)
{
	begin(p, PROMPT_KEY, label, done, arg);
	p->keys[0] = '\0';
	strncat(p->keys, keys, sizeof p->keys - 1);
}

static void finish(struct prompt *p, bool answered)
{
	autotext struct text answer = {0};

	text_puts(&answer, text_string(&p->input));
	p->kind = PROMPT_NONE;
	p->done(p->arg, answered ? text_string(&answer) : NULL);
}

/* Take the last character off the input. */
static void erase_last(struct text *input)
{
	while (input->length && ((unsigned char)input->bytes[input->length - 1] & 0xc0) == 0x80)
		input->length--;
	if (input->length)
		input->length--;
	if (input->bytes)
		input->bytes[input->length] = '\0';
}

static void type_character(struct text *input, unsigned key)
{
	if (key < 0x20 || (key >= 0x7f && key < 0xa0) || key > 0x10ffff ||
	    input->length > LONGEST)
		return;
	if (key < 0x80) {
		text_putc(input, (char)key);
	} else if (key < 0x800) {
		text_putc(input, (char)(0xc0 | key >> 6));
		text_putc(input, (char)(0x80 | (key & 0x3f)));
	} else {
		if (key >= 0x10000)
			text_putc(input, (char)(0xf0 | key >> 18));
		text_putc(input, (char)(key >= 0x10000 ? 0x80 | (key >> 12 & 0x3f)
						       : 0xe0 | key >> 12));
		text_putc(input, (char)(0x80 | (key >> 6 & 0x3f)));
		text_putc(input, (char)(0x80 | (key & 0x3f)));
	}
}

void prompt_type(struct prompt *p, int key)
{
	if (key == ESC || key == KEY_CONTROL('c')) {
		finish(p, false);
	} else if (p->kind == PROMPT_KEY) {
		if (key > ' ' && key < 0x7f && strchr(p->keys, key)) {
			text_putc(&p->input, (char)key);
			finish(p, true);
		}
	} else if (key == '\n' || key == '\r' || key == KEY_SPECIAL(KEY_ENTER)) {
		finish(p, true);
	} else if (key == KEY_SPECIAL(KEY_BACKSPACE) || key == DELETE || key == '\b') {
		erase_last(&p->input);
	} else if (key == KEY_CONTROL('u')) {
		text_clear(&p->input);
	} else {
		type_character(&p->input, (unsigned)key);
	}
}

void prompt_draw(const struct prompt *p, int y, int width)
{
	autoline struct line line = {0};
	int used;

	line_puts(&line, ROLE_ROOT, text_string(&p->label));
	text_escape(&line.text, text_string(&p->input), p->input.length, 0);
	cells_line(y, 1, width - 2, &line, ALIGN_LEFT, ROLE_PLAIN);
	used = 1 + (int)text_width(text_string(&line.text));
	move(y, used < width ? used : width - 1);
}
