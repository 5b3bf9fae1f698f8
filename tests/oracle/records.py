#!/usr/bin/env python3
"""What the runtime makes for a program and hands over as something less has its own type.

    records.py [VERSION[:MODE]]...    a Go version and a mode of modes.py

The target (tests/targets/records) has timers, goroutines that wait for a sync.Cond and for a channel, a
sync.Pool and so many pairs of types and interfaces that the runtime has made its table of them anew. It
also has a *time.Timer to a time.Timer of its own, in a struct as large as the runtime's record: that is
not to be taken for one.
"""

from goretain import Target, each_argument, run, sql
from modes import command


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    snapshot = folder / f"{argument}.snapshot"
    with Target(*command(version, mode or "plain", "records", folder)()) as target:
        timers, waiting = map(int, target.expect("ready").split()[1:])
        run("snapshot", target.pid, "--with-data", "-o", snapshot)
    rows = sql(
        snapshot,
        "select type, type_known, size, count(*) from objects where live = 1 group by 1, 2, 3",
    )
    known = {}
    for kind, how, size, count in rows:
        if how in ("exact", "derived"):
            known[kind] = known.get(kind, 0) + count

    def found(kind, least, most=None):
        count = known.get(kind, 0)
        tap.check(
            least <= count <= (count if most is None else most),
            f"go{argument}: {count} of type {kind}",
            [row for row in rows if row[0] == kind or row[1] in ("unknown", "inferred")],
        )

    victims = sql(
        snapshot,
        "select r.name, o.type from roots r join objects o on o.id = r.dst where r.name like '%.victim'",
    )
    tap.check(
        victims and all(kind == "[...]sync.poolLocal" for _, kind in victims),
        f"go{argument}: {len(victims)} pools' victims",
        victims,
    )
    minor = int(version.split(".")[1])
    found("runtime.timeTimer" if minor >= 23 else "time.Timer", timers, timers)
    found("runtime.sudog", waiting)
    found("[...]*sync.Pool", 1)
    found("runtime.hchan", 0, 0)
    found("chan main.parcel", 1, 1)
    found("chan main.parcel buffer", 1, 1)
    found("runtime.itabTableType", 1, 1)


if __name__ == "__main__":
    each_argument(check, "1.19", "1.26:stripped")
