/* One snapshot of any process, a Go program or not, through taker and process as goretain does it:
 * prints what it cost, or the refusal, and ends with its status.
 *
 *	hold PID [MAX_PAUSE_MS [TIMES]] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/process.h"
#include "probes/taker.h"

/* A taker for PID; the reader's end of its socket. */
static int start_taker(pid_t pid, int *broker)
{
	struct taker_target target;
	int reader_end[2], broker_end[2];

	taker_find(pid, &target);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reader_end) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, broker_end) != 0)
		abort();
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(reader_end[0]);
		close(broker_end[0]);
		taker_run(&target, reader_end[1], broker_end[1]);
		_exit(0);
	}
	close(reader_end[1]);
	close(broker_end[1]);
	*broker = broker_end[0];
	return reader_end[0];
}

static bool snapshot(pid_t pid, uint64_t max_pause_ms, struct error *err)
{
	struct forecast forecast;
	const struct process_stop *stop;
	int broker, taker = start_taker(pid, &broker);
	struct process *p = process_open(taker, err);
	bool ok = p && process_forecast(p, &forecast, err) &&
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
	while (wait(NULL) > 0)
		;
	return ok;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	uint64_t max_pause_ms = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
	int times = argc > 3 ? atoi(argv[3]) : 1;

	if (argc < 2)
		return 2;
	for (int i = 0; i < times; i++) {
		if (!snapshot((pid_t)atoi(argv[1]), max_pause_ms, &err)) {
			fprintf(stderr, "hold: %s\n", err.message);
			return err.code;
		}
	}
	return 0;
}
