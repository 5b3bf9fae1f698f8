#include "tui/broker/keeper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/live/wire.h"
#include "tui/broker/state.h"
#include "tui/lock/privileges.h"
#include "tui/screen/terminal.h"

enum word { SCREEN_TAKEN, SCREEN_GIVEN_BACK, ALL_DONE };

static void say(const struct keeper *keeper, enum word word)
{
	if (keeper->socket >= 0)
		wire_send(keeper->socket, &word, sizeof word, NULL, 0);
}

/* It outlives everybody else, so no signal of the terminal's or a shell's ends or stops it. A shell may
 * have made the settings its own by now, but it leaves no screen. */
static void keep(int broker)
{
	enum word word = SCREEN_TAKEN, next;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "goretain-tty");
	close_all_but(broker);
	privileges_drop();
	while (wire_receive(broker, &next, sizeof next, NULL, NULL))
		word = next;
	if (word == SCREEN_TAKEN) {
		terminal_restore();
		terminal_leave_screen();
	}
	_exit(0);
}

void keeper_start(struct keeper *keeper)
{
	int theirs;

	keeper->socket = -1;
	if (!make_pair(&keeper->socket, &theirs))
		return;
	keeper->pid = fork();
	if (keeper->pid == 0)
		keep(theirs);
	close(theirs);
	if (keeper->pid > 0)
		return;
	close(keeper->socket);
	keeper->socket = -1;
}

void keeper_tell(const struct keeper *keeper, bool has_screen)
{
	say(keeper, has_screen ? SCREEN_TAKEN : SCREEN_GIVEN_BACK);
}

void keeper_end(struct keeper *keeper)
{
	if (keeper->socket < 0)
		return;
	say(keeper, ALL_DONE);
	close(keeper->socket);
	keeper->socket = -1;
	waitpid(keeper->pid, NULL, 0);
}
