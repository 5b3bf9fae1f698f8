#include "tui/screen/terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
	int fd; /* of the terminal, if saved */
	bool saved, taken;
	struct termios settings, screen;
} terminal;

void terminal_save(void)
{
	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO && !terminal.saved; fd++) {
		terminal.fd = fd;
		terminal.saved = isatty(fd) && tcgetattr(fd, &terminal.settings) == 0;
	}
}

void terminal_taken(void)
{
	terminal.taken = terminal.saved && tcgetattr(terminal.fd, &terminal.screen) == 0;
}

static bool same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/* Set attributes also from the background, where the kernel would stop us. */
static void set_settings(int when, const struct termios *settings)
{
	sigset_t output, before;

	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	tcsetattr(terminal.fd, when, settings);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_for_keys(void)
{
	if (terminal.taken)
		set_settings(TCSAFLUSH, &terminal.screen);
}

/* Is NOW what the screen, or whoever had its rights, left behind? While we are in the foreground nobody
 * else sets anything; afterwards it is only if nothing was set since. */
static bool left_behind(const struct termios *now)
{
	return tcgetpgrp(terminal.fd) == getpgrp() || (terminal.taken && same(now, &terminal.screen));
}

void terminal_leave_screen(void)
{
	/* Mouse off, alternate screen off, plain colours, cursor shown: ECMA-48 and xterm. */
	static const char leave[] = "\033[?1000l\033[?1006l\033[?1049l\033[0m\033[?25h";

	if (terminal.saved && write(terminal.fd, leave, sizeof leave - 1) < 0)
		return; /* nobody is left to see it */
}

void terminal_restore(void)
{
	struct termios now;

	if (!terminal.saved || tcgetattr(terminal.fd, &now) != 0 ||
	    same(&now, &terminal.settings) || !left_behind(&now))
		return;
	set_settings(TCSADRAIN, &terminal.settings);
	terminal_leave_screen();
}
