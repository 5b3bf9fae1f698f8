/* Timers of package time by the heaps of timers that the processors keep: what only these lead to has a type,
 * too. */
#ifndef GORETAIN_PROBES_GO_TYPING_SEED_TIMERS_H
#define GORETAIN_PROBES_GO_TYPING_SEED_TIMERS_H

struct typing;

void seed_timers(struct typing *typing);

#endif
