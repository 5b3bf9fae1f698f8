#!/usr/bin/env python3
"""Static data that never meets an interface has its types, and is held under the name that leads to it.

    statics.py [VERSION[:MODE]]...    a Go version and a mode of modes.py, or `symbols`: without debug
                                      information

The target (tests/targets/statics) says how many leaves each of its variables holds, and of which type that
is. What its debug information says of types is held against the descriptors that the program has, and
against the collector's bitmaps, by tests/oracle/described.c.
"""

import pathlib
import subprocess

from goretain import GORETAIN, Target, each_argument, run, sql
from modes import command

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


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    snapshot = folder / f"{argument}.snapshot"
    with Target(*command(version, mode or "plain", "statics", folder)()) as target:
        holds, empty, leads = told_by(target)
        run("snapshot", target.pid, "--with-data", "-o", snapshot)
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
    each_argument(check, "1.18", "1.23", "1.26", "1.27:cgo")
