/* The broker's state, shared by its files: broker.c orders, the others are its parts. */
#ifndef GORETAIN_TUI_BROKER_STATE_H
#define GORETAIN_TUI_BROKER_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "probes/live/taker.h"
#include "tui/broker/asking.h"
#include "tui/broker/keeper.h"
#include "tui/command.h"

#define MOST_TAKERS 16 /* each keeps one snapshot's memory readable */

/* A taker, and until when it may hold the target (0 = it does not), which it has since. */
struct held_taker { pid_t pid; int socket; uint64_t since, deadline; };

struct broker {
	const struct request *request;
	struct taker_target target;
	uint64_t limit_ns;   /* for one stop: --max-pause, or what the person agreed to */
	uint64_t rest_until; /* no further taker before then */
	pid_t reader;
	pid_t init;          /* of the reader's PID namespace, 0 if it has none */
	struct keeper keeper; /* of the terminal */
	int socket;          /* to the reader; -1 when it hung up */
	int signals;         /* signalfd */
	sigset_t before;     /* signal mask that we were started with */
	struct held_taker takers[MOST_TAKERS];
	unsigned n_takers;
	unsigned n_requests, n_scratch;
	struct asking asking;
	uint64_t asked_ns;   /* the longest stop that the person is asked about */
	bool reader_ended;
	int reader_status;   /* as of waitpid */
	const char *distrust; /* what the reader did that no reader does, NULL if nothing */
	int killer;          /* signal that asked us to end, 0 if none */
	uint64_t reader_deadline; /* then it is killed; 0 = it was not told to end */
};

/* In a child: the signals as they were when we were started, and no life after PARENT, the broker. */
bool settle_child(const struct broker *b, pid_t parent);

/* A connected pair of sockets, ours first; both are closed in programs we might start. */
bool make_pair(int *ours, int *theirs);

/* Close every descriptor but 0, 1, 2 and KEPT. */
void close_all_but(int kept);

/* takers.c: start one, and return the reader's end of its socket, -1 on failure; end one; what one has to
 * say; the first moment at which one must be ended; end those for whom it has come; let all of them hold
 * the target for as long as limit_ns says. */
int takers_start(struct broker *b, struct error *err);
void takers_end(struct broker *b, unsigned i);
void takers_serve(struct broker *b, unsigned i);
uint64_t takers_deadline(const struct broker *b);
void takers_enforce(struct broker *b);
void takers_permit(struct broker *b);

/* requests.c: take one request of the reader and reply to it, now or when the person has answered. */
void requests_serve(struct broker *b);

/* broker.c: stop the reader, so that the terminal is ours, and let it go on. */
void reader_hold(struct broker *b);
void reader_release(struct broker *b);

#endif
