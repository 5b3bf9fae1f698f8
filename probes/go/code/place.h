/* Places that values flow to and from: a variable is known by its address, what a function gets and gives by
 * the function's entry and a number. */
#ifndef GORETAIN_PROBES_GO_CODE_PLACE_H
#define GORETAIN_PROBES_GO_CODE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define PLACE_OF_FUNCTION (1ull << 63)
#define PLACE_ENTRY_BITS 48u

enum {
	PLACE_ARGUMENT = 0,  /* the first five words that are passed in integer registers */
	PLACE_RESULT = 8,    /* the first word that is returned */
	PLACE_CAPTURE = 16,  /* words of the closure that runs, its code's address being the first */
	PLACE_NUMBERS = 1u << 15,
};

/* 0, which is none, if it cannot be told apart. */
static inline uint64_t place_of(uint64_t entry, uint64_t number)
{
	return entry >> PLACE_ENTRY_BITS || number >= PLACE_NUMBERS
		       ? 0 : PLACE_OF_FUNCTION | number << PLACE_ENTRY_BITS | entry;
}

static inline bool place_is_capture(uint64_t place)
{
	return place & PLACE_OF_FUNCTION &&
	       (place & ~PLACE_OF_FUNCTION) >> PLACE_ENTRY_BITS >= PLACE_CAPTURE;
}

static inline uint64_t place_entry(uint64_t place)
{
	return place & ((1ull << PLACE_ENTRY_BITS) - 1);
}

/* Bytes into the closure. */
static inline uint64_t place_capture_offset(uint64_t place)
{
	return 8 * (((place & ~PLACE_OF_FUNCTION) >> PLACE_ENTRY_BITS) - PLACE_CAPTURE);
}

#endif
