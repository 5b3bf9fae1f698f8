/* Scope ends clean up: variables marked so are released on every way out of their scope. */
#ifndef GORETAIN_GRAPH_BASE_CLEANUP_H
#define GORETAIN_GRAPH_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define autofree __attribute__((cleanup(cleanup_free)))
#define autoclose __attribute__((cleanup(cleanup_close)))

/* Hand the pointer in PLACE on to the caller: the scope's cleanup then frees nothing. */
#define take_pointer(place) \
	({ __typeof__(place) taken_ = (place); (place) = NULL; taken_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
