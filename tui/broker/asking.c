#include "tui/broker/asking.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "graph/base/text.h"
#include "tui/screen/terminal.h"

enum { ESC = 27 };

bool asking_possible(bool screen)
{
	return isatty(STDIN_FILENO) && (screen || isatty(STDERR_FILENO));
}

static struct winsize terminal_size(void)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	return size;
}

/* The end of STRING that takes at most WIDTH cells. */
static const char *end_of(const char *string, unsigned width)
{
	while (text_width(string) > width) {
		string++;
		while (((unsigned char)*string & 0xc0) == 0x80)
			string++;
	}
	return string;
}

/* The reader may have left the terminal in any state: a soft reset (DECSTR) undoes margins, character sets
 * and attributes. Then the last line, cleared, the question, and the cursor, shown. */
static void draw(const struct asking *a)
{
	struct winsize size = terminal_size();
	const char *label = text_string(&a->prompt.label);
	unsigned used = text_width(label);
	autotext struct text out = {0}, typed = {0};

	text_escape(&typed, text_string(&a->prompt.input), a->prompt.input.length, 0);
	text_printf(&out, "\033[!p\033(B\017\033[0m\033[%u;1H\033[2K %s%s\033[?25h", size.ws_row, label,
		    end_of(text_string(&typed), size.ws_col > used + 2 ? size.ws_col - used - 2 : 0));
	if (write(STDOUT_FILENO, text_string(&out), out.length) < 0)
		return; /* nobody is there; the end of input says so */
}

/* What was typed before does not count: it was no answer. */
static void begin(struct asking *a, bool screen)
{
	a->screen = screen;
	memset(&a->typed, 0, sizeof a->typed);
	if (screen) {
		terminal_for_keys();
		draw(a);
	} else {
		tcflush(STDIN_FILENO, TCIFLUSH);
		fprintf(stderr, "goretain: %s", text_string(&a->prompt.label));
	}
}

void asking_yes(struct asking *a, bool screen, const char *label, answer_fn done, void *arg)
{
	prompt_key(&a->prompt, label, "ynYN", done, arg);
	text_puts(&a->prompt.label, screen ? "y/n " : "[y/N] ");
	begin(a, screen);
}

void asking_line(struct asking *a, const char *label, const char *initial, answer_fn done, void *arg)
{
	prompt_line(&a->prompt, label, initial, done, arg);
	begin(a, true);
}

/* Whoever answers is told last: it may ask again. */
static void type_keys(struct asking *a, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && a->prompt.kind != PROMPT_NONE; i++) {
		wchar_t c;
		size_t used = mbrtowc(&c, &bytes[i], 1, &a->typed);

		if (used == (size_t)-1)
			memset(&a->typed, 0, sizeof a->typed);
		else if (used != (size_t)-2)
			prompt_type(&a->prompt, bytes[i] ? (int)c : 0);
	}
	if (a->prompt.kind != PROMPT_NONE)
		draw(a);
}

void asking_read(struct asking *a)
{
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

	if (n <= 0)
		asking_end(a);
	else if (!a->screen) /* a line, as the terminal gives it */
		prompt_type(&a->prompt, *bytes == 'y' || *bytes == 'Y' ? 'y' : ESC);
	else if (n == 1 || *bytes != ESC) /* an arrow is no Esc */
		type_keys(a, bytes, (size_t)n);
}

void asking_end(struct asking *a)
{
	if (a->prompt.kind != PROMPT_NONE)
		prompt_type(&a->prompt, ESC);
}
