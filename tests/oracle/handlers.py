#!/usr/bin/env python3
"""Closures that need the map which they captured are no suspects, those that keep it for fixed keys are.

    handlers.py [VERSION[:MODE]]...    1.19, 1.26 and 1.26 stripped by default

The target (tests/targets/handlers) makes one shape of healthy server, or one leak, at a time.
"""

from goretain import Target, each_argument, sql
from modes import command

HEALTHY = (
    "parameter path range passed cache inner shared router number pool config middle".split()
)
LEAKS = {
    "one-key": "main.oneKey.func1 keeps a map",
    "variable": "main.byVariable.func1 keeps a map",
    "two-keys": "main.twoKeys.func1 keeps a map",
    "boxed": "main.anyKey.func1 keeps a map",
    "many": "100 closures main.subscriber.func1 keep a map each",
}


def suspects(start, shape):
    with Target(*start(shape)) as target:
        target.expect("ready")
        target.wait_until_quiet()
        return sql(target.pid, "select rule, title from suspects where confidence <> 'note' order by rank")


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    start = command(version, mode or "plain", "handlers", folder)
    for shape in HEALTHY:
        found = suspects(start, shape)
        tap.check(not found, f"{argument} {shape}: a healthy one has no suspects", found)
    for shape, words in LEAKS.items():
        found = suspects(start, shape)
        good = len(found) == 1 and found[0][0] == "closure-map" and words in found[0][1]
        tap.check(good, f"{argument} {shape}: {words}", found or ["no suspect"])


if __name__ == "__main__":
    each_argument(check, "1.19", "1.26", "1.26:stripped")
