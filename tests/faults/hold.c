/* One snapshot of any process, a Go program or not, through taker and process as goretain does it:
 * prints what it cost, or the refusal, and ends with its status.
 *
 *	hold [-w] PID [MAX_PAUSE_MS [TIMES]]
 *
 * With -w it prints the taker's PID, and the taker stops itself before it does anything, so that a
 * debugger can be attached; SIGCONT lets it go on. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/live/process.h"
#include "probes/live/taker.h"

/* A taker for PID, which may wait first; the reader's end of its socket. */
static int start_taker(pid_t pid, bool waits, int *broker)
{
	pid_t taker;
	struct taker_target target;
	int reader_end[2], broker_end[2];

	taker_find(pid, &target);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reader_end) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, broker_end) != 0)
		abort();
	taker = fork();
	if (taker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (waits)
			raise(SIGSTOP);
		close(reader_end[0]);
		close(broker_end[0]);
		taker_run(&target, UINT64_MAX, reader_end[1], broker_end[1]);
		_exit(0);
	}
	if (waits) {
		printf("%d\n", taker);
		fflush(stdout);
	}
	close(reader_end[1]);
	close(broker_end[1]);
	*broker = broker_end[0];
	return reader_end[0];
}

static bool snapshot(pid_t pid, bool waits, uint64_t max_pause_ms, struct error *err)
{
	struct forecast forecast;
	const struct process_stop *stop;
	int broker, status, taker = start_taker(pid, waits, &broker);
	struct process *p = process_open(taker, err);
	bool ok = p && process_forecast(p, 0, &forecast, err) &&
		  process_snapshot(p, max_pause_ms, NULL, err);

	if (ok) {
		stop = process_stop(p);
		printf("%u threads, %.1f MB, pause %.2f ms (forecast %.2f): stop %.2f, copy %.2f, "
		       "resume %.2f; holes %lu\n", stop->threads, (double)stop->bytes / 1e6,
		       (double)stop->pause_ns / 1e6, (double)stop->forecast_ns / 1e6,
		       (double)stop->stop_ns / 1e6, (double)stop->copy_ns / 1e6,
		       (double)stop->resume_ns / 1e6, stop->holes);
	}
	if (p)
		image_free(process_image(p));
	close(broker);
	while (wait(&status) > 0)
		if (WIFSIGNALED(status) || WEXITSTATUS(status))
			fprintf(stderr, "hold: the taker ended with wait status %#x\n", status);
	return ok;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	bool waits = argc > 1 && strcmp(argv[1], "-w") == 0;
	char **arg = argv + 1 + waits, **end = argv + argc;
	uint64_t max_pause_ms = end - arg > 1 ? strtoull(arg[1], NULL, 10) : 1000;
	int times = end - arg > 2 ? atoi(arg[2]) : 1;

	if (arg == end)
		return 2;
	for (int i = 0; i < times; i++) {
		if (!snapshot((pid_t)atoi(arg[0]), waits, max_pause_ms, &err)) {
			fprintf(stderr, "hold: %s\n", err.message);
			return err.code;
		}
	}
	return 0;
}
