#!/usr/bin/env python3
"""Maps whose types only the code knows have their types, their entries and what they retain; so have other
values that only frames or cleanups hold.

    locals.py [VERSION[:MODE]]...    a Go version and a mode of modes.py

The target (tests/targets/locals) says which maps its goroutines hold, in which function and of how many
entries, which sync.Maps its global variables are, and where other values are; keys count up from 0. What such a map
retains is what the collector would free if the words of its header were gone, and those of the same
goroutine that lead where they lead, or to the table of a directory of one and its groups: a loop over a
map has some.
"""

import collections
import functools

from goretain import Target, each_argument, run, sql
from modes import command


class Graph:
    """The objects of a snapshot by number, and the slots through which they hold each other."""

    def __init__(self, snapshot):
        self.sizes = [size for (size,) in sql(snapshot, "select size from objects order by id")]
        self.roots = sql(snapshot, f"select addr, dst, holder from roots where {HOLDS}")
        self.edges = collections.defaultdict(list)
        for src, dst in sql(snapshot, f"select src, dst from edges where {HOLDS}"):
            self.edges[src].append(dst)
        self.held = self.reach(dst for _, dst, _ in self.roots)

    def reach(self, start, without=None):
        stack, seen = list(start), {without}
        while stack:
            i = stack.pop()
            if i not in seen:
                seen.add(i)
                stack.extend(self.edges[i])
        return seen - {without}

    def held_by(self, header, holder, top):
        """Bytes that are not reached without object TOP, or without the slots at HEADER if that is None
        and those of HOLDER that lead to the same objects."""
        tops = {dst for addr, dst, _ in self.roots if top is None and addr in header} | {top}
        for directory in [t for t in tops - {None} if self.sizes[t] == 8]:
            for table in self.edges[directory]:
                tops.update({table}, self.edges[table])
        left = [dst for _, dst, by in self.roots if by != holder or dst not in tops]
        return sum(self.sizes[i] for i in self.held - self.reach(left, top))


# What the runtime's own bookkeeping refers to is held by it only where nothing else does.
HOLDS = "strength not in ('weak', 'runtime')"

HEADER = 8  # bytes that the runtime writes before what is larger than 512 bytes (1.22 on)

QUERY = """
select h.name, m.type, m.entries, m.id, m.object, m.addr, m.retained, m.live, m.holder
from maps m join holders h on h.id = m.holder
where h.kind = 'goroutine' or m.type = 'sync.Map' and (h.name glob 'main.*' or h.name glob '* in main')
"""


def expected_keys(kind, entries):
    return sorted(str(i) if kind.startswith("map[int]") else f"k{i}" for i in range(entries))


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    snapshot = folder / f"{argument}.snapshot"
    told, values = collections.Counter(), {}
    with Target(*command(version, mode or "plain", "locals", folder)()) as target:
        while (line := target.line()) != "ready":
            what, function, rest = line.split(" ", 2)
            if what == "value":
                addr, kind = rest.split(" ", 1)
                values[int(addr)] = function, kind
                continue
            kind, _, entries = rest.rpartition(" ")
            told[f"main.{function}", kind, int(entries)] += 1
        run("snapshot", target.pid, "--with-data", "-o", snapshot)
    # A goroutine that was started by a closure is known by the function that the closure calls.
    rows = [(name.split(" ", 2)[-1], *rest) for name, *rest in sql(snapshot, QUERY)]
    # Without symbols a variable is known by what is in it.
    variables = {(kind, entries): f for f, kind, entries in told if kind == "sync.Map"}
    rows = [
        (variables.get((kind, entries), name) if name == "main" else name, kind, entries, *rest)
        for name, kind, entries, *rest in rows
    ]
    functions = {function for function, _, _ in told}
    rows = [
        (next((f for f in functions if f in callers(snapshot, name)), name), *rest)
        for name, *rest in rows
    ]
    found = collections.Counter((function, kind, entries) for function, kind, entries, *_ in rows)
    tap.check(
        found == told,
        f"go{argument}: {sum(told.values())} maps are found",
        [f"missing {told - found}", f"not told {found - told}"],
    )
    in_frame = [row for row in rows if row[4] is None]
    tap.check(in_frame, f"go{argument}: {len(in_frame)} of them have their headers in frames")
    check_entries(argument, tap, snapshot, rows)
    check_retained(argument, tap, snapshot, rows)
    check_values(argument, tap, snapshot, values)


@functools.cache
def callers(snapshot, name):
    """Functions on the stacks of the goroutines that are known by NAME."""
    query = f"select f.function from frames f join goroutines g on g.id = f.goroutine where g.function = '{name}'"
    return {function for (function,) in sql(snapshot, query)}


def check_values(argument, tap, snapshot, values):
    found = dict(sql(snapshot, "select addr, type from objects where live"))
    wrong = [
        f"{function}: {kind} is {found.get(addr)} or {found.get(addr - HEADER)}"
        for addr, (function, kind) in values.items()
        if kind not in (found.get(addr), found.get(addr - HEADER))
    ]
    tap.check(values and not wrong, f"go{argument}: {len(values)} other values have their types", wrong)


def check_entries(argument, tap, snapshot, rows):
    keys = collections.defaultdict(list)
    for number, key in sql(snapshot, "select map, key from map_entries"):
        keys[number].append(str(key))
    wrong = [
        f"{function} {kind}: {len(keys[number])} of {entries} keys"
        for function, kind, entries, number, *_ in rows
        if sorted(keys[number]) != expected_keys(kind, entries)
    ]
    tap.check(rows and not wrong, f"go{argument}: each of their keys is listed once", wrong)


def check_retained(argument, tap, snapshot, rows):
    graph, wrong = Graph(snapshot), []
    for function, kind, _, _, top, addr, retained, live, holder in rows:
        held = graph.held_by(range(addr, addr + 48), holder, top)
        # What both tables of a growing map refer to is left out.
        least = held * 0.99 if function == "main.growing" else held
        if not least <= retained <= held or not live:
            wrong.append(f"{function} {kind}: {retained} bytes, without it {held} are not reached")
    tap.check(rows and not wrong, f"go{argument}: what they retain is what they alone keep", wrong)


if __name__ == "__main__":
    each_argument(check, "1.19", "1.26")
