/* What a goroutine waits for, and whether it goes on only if somebody else comes to that: the rule by which
 * Go 1.27 tells goroutines that leak (isMaybeRunnable in runtime/mgc.go), for all versions. */
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "probes/go/roots/roots.h"

#define SUDOG_LEAST 88 /* bytes of a sudog, at least */

enum wait {
	WAIT_OTHER,    /* the runtime, the network or a timer ends it */
	WAIT_NEVER,    /* a nil channel, a select without cases: nobody can end it */
	WAIT_CHANNELS, /* one, or those of a select */
	WAIT_LOCK,     /* a mutex, wait group or condition */
	WAIT_SEMAPHORE, /* a lock of package sync, or another one: frames tell */
	WAIT_UNKNOWN,
};

static enum wait wait_of(const char *reason)
{
	static const struct { const char *reason; enum wait wait; } kinds[] = {
		{ "chan receive", WAIT_CHANNELS }, { "chan send", WAIT_CHANNELS },
		{ "select", WAIT_CHANNELS }, { "select (no cases)", WAIT_NEVER },
		{ "chan receive (nil chan)", WAIT_NEVER }, { "chan send (nil chan)", WAIT_NEVER },
		{ "sync.Cond.Wait", WAIT_LOCK }, { "sync.WaitGroup.Wait", WAIT_LOCK },
		{ "sync.Mutex.Lock", WAIT_LOCK }, { "sync.RWMutex.Lock", WAIT_LOCK },
		{ "sync.RWMutex.RLock", WAIT_LOCK }, { "semacquire", WAIT_SEMAPHORE },
	};

	if (!reason)
		return WAIT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(reason, kinds[i].reason))
			return kinds[i].wait;
	return WAIT_OTHER;
}

/* Older runtimes say "semacquire" of mutexes and wait groups, too, and all of them say it of locks that are
 * none of package sync's, such as a file's. */
static bool in_sync(const struct roots *roots, const struct task *task)
{
	const struct frame *frames = &roots->frames[task->first_frame];

	for (uint32_t i = 0; i < task->n_frames; i++)
		if (!frames[i].system)
			return !strncmp(frames[i].function, "sync.", 5);
	return false;
}

static bool add_wait(struct roots *roots, struct task *task, uint64_t addr)
{
	uint32_t object = graph_find(roots->heap->graph, addr, NULL);
	uint32_t *wait = object != NO_NODE ? GROW(roots->waits, roots->n_waits, roots->capacity_waits) : NULL;

	if (!wait) {
		roots->failed |= object != NO_NODE;
		return false;
	}
	*wait = object;
	roots->n_waits++;
	task->n_waits++;
	return true;
}

/* A channel, or those of a select but for nil ones. One that was just sent to has been told so. */
static int8_t wait_channels(struct roots *roots, const struct goroutine *g, struct task *task)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t sudog = image_u64(image, g->addr + (uint64_t)l->g_waiting);

	if (image_u64(image, g->addr + (uint64_t)l->g_param))
		return 0;
	if (!sudog)
		return strcmp(task->wait, "select") ? -1 : 1;
	for (; sudog; sudog = image_u64(image, sudog + (uint64_t)l->sudog_waitlink)) {
		uint64_t channel = image_u64(image, sudog + (uint64_t)l->sudog_c_value);

		if (!roots_spend(roots, SUDOG_LEAST) ||
		    image_u64(image, sudog + (uint64_t)l->sudog_g) != g->addr || !channel)
			return -1;
		if (!add_wait(roots, task, channel))
			return 0; /* outside of the heap: anybody may come to it */
	}
	return 1;
}

/* A lock on its own stack is told by no other's: nothing is known then. */
static int8_t wait_lock(struct roots *roots, const struct goroutine *g, struct task *task)
{
	if (!g->waits_on || (g->waits_on >= g->stack_lo && g->waits_on < g->stack_hi))
		return -1;
	return add_wait(roots, task, g->waits_on) ? 1 : 0;
}

void roots_waits(struct roots *roots, const struct goroutine *g, uint32_t index)
{
	struct task *task = &roots->tasks[index];
	enum wait wait = task->state == TASK_WAITING ? wait_of(task->wait) : WAIT_OTHER;

	if (wait == WAIT_SEMAPHORE)
		wait = in_sync(roots, task) ? WAIT_LOCK : WAIT_OTHER;
	task->first_wait = roots->n_waits;
	switch (wait) {
	case WAIT_OTHER: task->stuck = 0; break;
	case WAIT_NEVER: task->stuck = 1; break;
	case WAIT_CHANNELS: task->stuck = wait_channels(roots, g, task); break;
	default: task->stuck = wait == WAIT_LOCK ? wait_lock(roots, g, task) : -1;
	}
}
