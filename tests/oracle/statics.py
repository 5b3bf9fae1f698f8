#!/usr/bin/env python3
"""Static data that never meets an interface has its types, and is held under the name that leads to it.

    statics.py [VERSION[:MODE]]...    a Go version and a mode of modes.py, or `symbols`: without debug
                                      information; or `linked`: by C's linker, which names literals

Without debug information types are not known, and names say at which offset the pointer is. Without symbols
there are no names; then no holder may have words of two variables, by the symbols that were taken off.

The target (tests/targets/statics) says how many leaves each of its variables holds, and of which type that
is. What its debug information says of types is held against the descriptors that the program has, and
against the collector's bitmaps, by tests/oracle/described.c.
"""

import bisect
import collections
import pathlib
import subprocess

from goretain import GORETAIN, TESTS, Target, each_argument, run, sql
from modes import MODES, Mode, command

MODES["symbols"] = Mode(("-ldflags=-w",), cgo=False)
MODES["linked"] = Mode(("-ldflags=-linkmode=external",))

DESCRIBED = pathlib.Path(GORETAIN).resolve().parent / "tests/described"

LEAVES = """
select coalesce(h.name, 'by several'), count(*) from objects o left join holders h on h.id = o.holder
where o.type = 'main.leaf' and o.live group by 1
"""


def told_by(target):
    """What the target says: (name, leaves, type) of its variables, what is said of empty ones by their names,
    and the names of what others lead to."""
    holds, empty, leads = [], {}, {}
    while (line := target.line()) != "ready":
        word, name, rest = line.split(" ", 2)
        if word == "holds":
            leaves, kind = rest.split(" ", 1)
            holds.append((name, int(leaves), kind))
        elif word == "empty":
            empty[name] = rest
        else:
            leads[name] = rest.split()
    return holds, empty, leads


def type_of(snapshot, name):
    """The type that `why` says of a holder."""
    for line in run("why", snapshot, name).decode().splitlines():
        if line.startswith("● "):
            return line[2:].strip().removeprefix(name).rsplit(maxsplit=2)[0].strip()
    return None


def snapshot_of(program, snapshot):
    with Target(*program) as target:
        told = told_by(target)
        run("snapshot", target.pid, "--with-data", "-o", snapshot)
    return told


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    snapshot = folder / f"{argument}.snapshot"
    program = command(version, mode or "plain", "statics", folder)()
    holds, empty, leads = snapshot_of(program, snapshot)
    if mode == "symbols":
        check_symbols(argument, tap, snapshot, holds)
        check_stripped(argument, tap, version, program[0], holds)
        return
    found = dict(sql(snapshot, LEAVES))
    told = {name: leaves for name, leaves, _ in holds}
    tap.check(
        found == told,
        f"go{argument}: each of {len(told)} variables holds what it leads to, under its name",
        [f"{name}: {found.get(name)}, not {told.get(name)}" for name in sorted({*found, *told})
         if found.get(name) != told.get(name)],
    )
    wrong = [f"{name}: {type_of(snapshot, name)}, not {kind}" for name, _, kind in holds
             if kind != "-" and type_of(snapshot, name) != kind]
    tap.check(not wrong, f"go{argument}: they have their types", wrong)
    check_empty(argument, tap, snapshot, empty, leads)
    said = subprocess.run([DESCRIBED, snapshot], capture_output=True, text=True)
    tap.check(
        said.returncode == 0,
        f"go{argument}: {said.stdout.splitlines()[-1] if said.stdout else 'types can be compared'}",
        said.stdout.splitlines()[:-1] + said.stderr.splitlines(),
    )


def variable_of(name):
    """The variable with a name that an expression begins with."""
    return ".".join(name.split("[")[0].split(".")[:2])


def check_symbols(argument, tap, snapshot, holds):
    """What hangs on one variable is held by one holder, whose name begins with the right one."""
    found = sorted((leaves, variable_of(name)) for name, leaves in sql(snapshot, LEAVES))
    told = sorted((leaves, variable_of(name)) for name, leaves, _ in holds)
    tap.check(
        found == told,
        f"go{argument}: each of {len(told)} variables is one holder, under its name",
        [f"found {found}", f"told {told}"],
    )


def check_stripped(argument, tap, version, binary, holds):
    """What a pointer in static data leads to is one holder, and no holder has parts of two variables."""
    stripped, snapshot = f"{binary}-stripped", f"{binary}-stripped.snapshot"
    subprocess.run(["strip", "-o", stripped, binary], check=True)
    snapshot_of([stripped], snapshot)
    found = collections.Counter(leaves for _, leaves in sql(snapshot, LEAVES))
    lost = [name for name, leaves, _ in holds if not found[leaves] and name not in BY_VALUE]
    tap.check(not lost, f"go{argument}, stripped: static literals are one holder each", lost)
    owner = owners(version, binary)
    parts = collections.defaultdict(set)
    for holder, addr in sql(snapshot, GLOBAL_ROOTS):
        parts[holder].add(owner(addr))
    wrong = [f"{holder}: {sorted(names)}" for holder, names in parts.items() if len(names) > 1]
    tap.check(parts and not wrong, f"go{argument}, stripped: no holder has two variables", wrong)


# Without their names the code alone tells where these are, and it refers to their fields only.
BY_VALUE = "main.Value", "main.ValueGeneric", "main.Large"

GLOBAL_ROOTS = """
select h.name, r.addr from roots r join holders h on h.id = r.holder
where r.kind = 'global' and h.kind in ('global', 'runtime')
"""


def owners(version, binary):
    """A function from an address to the variable of a program that is there, by its symbols."""
    lines = subprocess.run(
        [str(TESTS / "go"), version, "tool", "nm", "-size", binary],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    symbols = []
    for line in lines:
        words = line.split(None, 3)
        if len(words) == 4 and words[2] in "dDbB":
            symbols.append((int(words[0], 16), int(words[1]), words[3]))
    symbols.sort()
    starts = [start for start, _, _ in symbols]

    def owner(addr):
        start, size, name = symbols[bisect.bisect_right(starts, addr) - 1]
        return name if addr < start + size else f"behind {name}"

    return owner


def check_empty(argument, tap, snapshot, empty, leads):
    """A global that holds nothing is one, and so is one that only leads to others."""
    wrong = []
    for name, rest in empty.items():
        said = " ".join(run("why", snapshot, name).decode().split())
        if not said.startswith(f"global {name} {rest}: it holds nothing, 0 B."):
            wrong.append(said)
    for name, parts in leads.items():
        said = run("why", snapshot, name).decode()
        found = [line.split()[1] for line in said.splitlines() if line.startswith("● ")]
        if not said.startswith(f"global {name} itself holds nothing.") or found != parts:
            wrong.append(said)
    tap.check(not wrong, f"go{argument}: what globals that hold nothing are, and lead to", wrong)


if __name__ == "__main__":
    each_argument(check, "1.18", "1.23", "1.26:linked", "1.27:cgo", "1.19:symbols", "1.26:symbols")
