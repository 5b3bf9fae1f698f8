#!/usr/bin/env python3
"""Containers that gather are named, with what the code says of them.

    gathering.py [VERSION[:stripped]]...    1.19 and 1.26:stripped by default

The target (tests/targets/growth) has a map from which nothing takes out, one that is turned over and one that is emptied.
"""
from goretain import Target, build, each_argument, sql

COLUMNS = "confidence, title, explanation, fix, retained, query"


class Growth(Target):
    def step(self, size):
        self.process.stdin.write(b"%d\n" % size)
        self.process.stdin.flush()
        self.line()


def suspects(target):
    return sql(target.pid, f"select {COLUMNS} from suspects where rule = 'gathering' order by rank")


def about(found, words):
    """The suspect whose explanation has WORDS; one that says nothing if there is none."""
    rows = [row for row in found if words in row[2]]
    return rows[0] if rows else ("", "", "", "", 0, "")


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    go = f"go{argument}"
    program = build(version, "growth", folder / f"growth{mode}", flags=["-ldflags=-s -w"] if mode else [])
    with Growth(program) as target:
        target.expect("ready")
        target.step(8_000_000)
        still = suspects(target)
        target.step(-1_000_000)
        grows = suspects(target)
        first = about(grows, "map[string]*main.session")
        shown = sql(target.pid, first[5]) if first[5] else []
    tap.check(len(still) >= 4 and {row[0] for row in still} == {"note"},
              f"{go}: while nothing comes all are notes", still)
    tap.check(first[0] == "likely" and " gathers 2,199 entries" in first[1] and abs(first[4] - 9_270_000) < 200_000,
              f"{go}: the map that nothing is taken out of, and that grows, is likely to leak", [first])
    tap.check("Nothing in this program's code takes entries out" in first[2] and
              "put in by main.put (main.go:" in first[2] and "main.put (main.go:" in first[3],
              f"{go}: it says who puts in, and that nobody takes out", [first])
    # Without symbols nothing tells the type of a variable that is a struct by value.
    tap.check(mode or "calls (*main.server).Forget." in first[2] and
              first[3].startswith("Call (*main.server).Forget where"), f"{go}: the method that would take out is named, since nothing calls it", [first])
    cache = about(grows + still, "taken out of maps of this type by main.turn")
    tap.check(cache[0] == "note", f"{go}: of a map that is emptied it says by whom, and leaves it a note", [cache])
    tap.check(any("main.session" in str(row) for row in shown), f"{go}: its query shows what it keeps", shown)


if __name__ == "__main__":
    each_argument(check, "1.19", "1.26:stripped")
