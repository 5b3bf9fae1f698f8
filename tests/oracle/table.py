#!/usr/bin/env python3
"""Versions and build modes against the runtime's own word, one row each and a total.

    table.py                       a few, each in another mode
    table.py VERSION[:MODE]...     these; a version without a mode is all of its modes
    table.py all                   every version in every mode

A row is what compare.py and reach.py find out: objects, edges, frames, pointer slots of frames and of
globals, each with those that goretain misses and those that it invents; objects that it calls
unreachable and the runtime keeps, and that it calls reachable and the runtime collects.
"""

import pathlib
import subprocess
import sys
import tempfile

from compare import COLUMNS, compare
from goretain import Failure, Tap
from modes import modes_of
from reach import reach

VERSIONS = [f"1.{minor}" for minor in range(18, 28)]
SHORT = ["1.18:c-shared", "1.20:debug", "1.22:race", "1.25:plugin", "1.27:external"]
ALL_COLUMNS = (*COLUMNS, "kept", "collected")


def wanted(arguments):
    """The pairs of version and mode that the arguments mean."""
    for argument in VERSIONS if arguments == ["all"] else arguments or SHORT:
        version, _, mode = argument.partition(":")
        for one in [mode] if mode else modes_of(version):
            yield version, one


def measure(version, mode, tap, folder):
    """A row; what cannot be measured is None."""
    row = [None] * len(ALL_COLUMNS)
    try:
        row[: len(COLUMNS)] = compare(version, mode, tap, folder)[1]
        row[len(COLUMNS) :] = reach(version, mode, tap, folder)
    except (Failure, subprocess.CalledProcessError) as failure:
        tap.check(False, f"go{version} {mode} can be measured", [failure])
    return row


def show(name, row):
    cells = "".join(f"{'-' if n is None else n:>10}" for n in row)
    print(f"#{name:>26}{cells}", flush=True)


def main():
    tap, rows = Tap(), {}
    for version, mode in wanted(sys.argv[1:]):
        with tempfile.TemporaryDirectory(prefix="goretain-table-") as folder:
            rows[f"go{version} {mode}"] = measure(version, mode, tap, pathlib.Path(folder))
    show("version and mode", ALL_COLUMNS)
    for name, row in rows.items():
        show(name, row)
    show(f"total of {len(rows)}", [sum(n or 0 for n in column) for column in zip(*rows.values())])
    tap.end()


if __name__ == "__main__":
    main()
