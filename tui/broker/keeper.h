/* The terminal's keeper: restores the terminal if even the broker dies without having done so. */
#ifndef GORETAIN_TUI_BROKER_KEEPER_H
#define GORETAIN_TUI_BROKER_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct keeper {
	pid_t pid;
	int socket; /* whose end wakes it; -1 if there is no keeper */
};

/* Start it, once the screen has taken the terminal. Without a process to be had there is none. */
void keeper_start(struct keeper *keeper);

/* The reader has the screen, or has given it back for a while (^z). */
void keeper_tell(const struct keeper *keeper, bool has_screen);

/* The broker has restored the terminal itself: end the keeper, and wait for it. */
void keeper_end(struct keeper *keeper);

#endif
