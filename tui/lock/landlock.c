#include "tui/lock/landlock.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

/* The C library's headers have the first versions only, or none: Documentation/userspace-api/landlock.rst
 * and include/uapi/linux/landlock.h of the kernel. */
#define CREATE_RULESET 444
#define RESTRICT_SELF 446
#define ASK_VERSION 1u

struct ruleset { uint64_t files, net, scoped; };

/* How many rights over files each version knows: all of them, from bit 0 on. */
static const uint8_t file_rights[] = {0, 13, 14, 15, 15, 16};

/* A right that is not named here is not forbidden, one that the kernel does not know is an error. */
static struct ruleset everything(int version)
{
	int known = version < (int)ARRAY_SIZE(file_rights) ? version : (int)ARRAY_SIZE(file_rights) - 1;

	return (struct ruleset){
		.files = (UINT64_C(1) << file_rights[known]) - 1,
		.net = version >= 4 ? 3 : 0,    /* bind, connect */
		.scoped = version >= 6 ? 3 : 0, /* abstract sockets, signals */
	};
}

/* Older kernels know a shorter structure and take a longer one only if the rest is 0, which it is. */
int landlock_forbid_all(void)
{
	int version = (int)syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
	struct ruleset rules = everything(version > 0 ? version : 0);
	autoclose int set = -1;

	if (version <= 0)
		return 0;
	set = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);
	return set >= 0 && syscall(RESTRICT_SELF, set, 0) == 0 ? version : 0;
}
