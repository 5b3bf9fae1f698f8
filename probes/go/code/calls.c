#include "probes/go/code/calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "graph/base/cleanup.h"

#define NONE CALL_NO_ARGUMENT
#define ALWAYS RULE_ALWAYS
#define EXACT 0
#define PREFIX 1

/* Signatures as the compiler knows them: cmd/compile/internal/typecheck/_builtin/runtime.go of Go
 * 1.18 to 1.27; mallocgc*SC* since 1.27: cmd/compile/internal/ssagen/ssa.go, newObject. The first
 * rule that fits counts. */
static const struct call_rule rules[] = {
	{ "gcWriteBarrier", PREFIX, ALWAYS, CALL_BARRIER, NONE, NONE, NONE },
	{ "newobject", EXACT, ALWAYS, CALL_NEW, 0, NONE, NONE },
	{ "mallocgc", PREFIX, ALWAYS, CALL_NEW, 1, NONE, NONE },
	{ "makeslice", PREFIX, ALWAYS, CALL_MAKE_SLICE, 0, NONE, NONE },
	{ "newarray", EXACT, ALWAYS, CALL_MAKE_SLICE, 0, NONE, NONE },
	{ "growslice", EXACT, RULE_SLICE_FIRST, CALL_GROW_SLICE, 0, 1, NONE },
	{ "growslice", PREFIX, RULE_PARTS_FIRST, CALL_GROW_SLICE, 4, 0, NONE },
	{ "moveSliceNoScan", EXACT, ALWAYS, CALL_GROW_SLICE, NONE, NONE, NONE },
	{ "moveSliceNoCapNoScan", EXACT, ALWAYS, CALL_GROW_SLICE, NONE, NONE, NONE },
	{ "moveSlice", PREFIX, ALWAYS, CALL_GROW_SLICE, 0, 1, NONE },
	{ "makechan", PREFIX, ALWAYS, CALL_MAKE_CHAN, 0, NONE, NONE },
	{ "makemap_small", EXACT, ALWAYS, CALL_SMALL_MAP, NONE, NONE, NONE },
	{ "makemap", PREFIX, ALWAYS, CALL_MAKE_MAP, 0, 2, NONE },
	{ "mapaccess", PREFIX, ALWAYS, CALL_USE_MAP, 0, 1, 2 },
	{ "mapassign", PREFIX, ALWAYS, CALL_USE_MAP, 0, 1, 2, CALL_PUTS_IN },
	{ "mapdelete", PREFIX, ALWAYS, CALL_USE_MAP, 0, 1, 2, CALL_TAKES_OUT },
	{ "mapclear", EXACT, ALWAYS, CALL_USE_MAP, 0, 1, NONE, CALL_TAKES_OUT },
	{ "mapiterinit", EXACT, ALWAYS, CALL_USE_MAP, 0, 1, NONE },
	{ "mapIterStart", EXACT, ALWAYS, CALL_USE_MAP, 0, 1, NONE },
	{ "typedmemmove", EXACT, ALWAYS, CALL_VALUE, 0, 1, 2 },
	{ "typedmemclr", EXACT, ALWAYS, CALL_VALUE, 0, 1, NONE },
	{ "wbMove", EXACT, ALWAYS, CALL_VALUE, 0, 1, 2 },
	{ "wbZero", EXACT, ALWAYS, CALL_VALUE, 0, 1, NONE },
	{ "convT", EXACT, ALWAYS, CALL_VALUE, 0, 1, NONE },
	{ "convTnoptr", EXACT, ALWAYS, CALL_VALUE, 0, 1, NONE },
	{ "panic", PREFIX, ALWAYS, CALL_NO_RETURN, NONE, NONE, NONE },
	{ "goPanic", PREFIX, ALWAYS, CALL_NO_RETURN, NONE, NONE, NONE },
	{ "gopanic", EXACT, ALWAYS, CALL_NO_RETURN, NONE, NONE, NONE },
	{ "throw", EXACT, ALWAYS, CALL_NO_RETURN, NONE, NONE, NONE },
	{ "fatal", EXACT, ALWAYS, CALL_NO_RETURN, NONE, NONE, NONE },
};

static bool rule_fits(const struct call_rule *rule, const char *name, const struct layout *l)
{
	if (rule->when && (rule->when == RULE_SLICE_FIRST) != l->growslice_takes_slice)
		return false;
	return rule->prefix ? !strncmp(name, rule->name, strlen(rule->name))
			    : !strcmp(name, rule->name);
}

const struct call_rule *call_rule(const char *name, const struct layout *layout)
{
	static const char package[] = "runtime.";

	if (strncmp(name, package, sizeof package - 1))
		return NULL;
	name += sizeof package - 1;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rule_fits(&rules[i], name, layout))
			return &rules[i];
	return NULL;
}
