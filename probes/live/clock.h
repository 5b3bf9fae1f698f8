/* The one clock that pauses are measured by, and the date. */
#ifndef GORETAIN_PROBES_LIVE_CLOCK_H
#define GORETAIN_PROBES_LIVE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS 1000000u

/* Monotonic nanoseconds. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds since 1970. */
static inline int64_t clock_date_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
