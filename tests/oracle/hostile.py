#!/usr/bin/env python3
"""Nothing that the target prints reaches who looks at it as anything but text.

    hostile.py [VERSION]...

The target (tests/targets/hostile) has escape sequences, control bytes, bidirectional overrides, invalid
UTF-8 and text that would break out of DOT, JSON and TSV in strings, map keys, labels, type names, its
arguments and its file name. Every command runs on it, and its output is checked byte by byte; DOT is
also given to Graphviz, JSON to a parser. A text that only the heap has must not be in an export.
"""

import json
import os
import re
import shutil
import subprocess
import unicodedata

from goretain import Failure, GORETAIN, Target, build, each_argument, run, sql

# Characters that change what stands around them: bidirectional controls, joiners, separators.
INVISIBLE = set(
    "\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff"
)
NAME = 'evil\x1b[31m\u202e\n"name'


def faults(output, allowed="\n"):
    """What in OUTPUT is not plain text, as a list of a few descriptions."""
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError as error:
        return [
            f"invalid UTF-8 at {error.start}: {output[max(0, error.start - 30):error.start + 10]!r}"
        ]
    found, marks = [], 0
    for i, c in enumerate(text):
        marks = marks + 1 if unicodedata.combining(c) else 0
        if (unicodedata.category(c) == "Cc" and c not in allowed) or c in INVISIBLE or marks > 4:
            found.append(f"{c!r} at {i}: {text[max(0, i - 30):i + 10]!r}")
    return found[:5]


class Hostile:
    def __init__(self, name, pid, folder, tap):
        self.name, self.pid, self.folder, self.tap = name, pid, folder, tap
        self.snapshot = folder / f"snapshot-{name}-{NAME}"

    def check(self, passed, what, details=()):
        return self.tap.check(passed, f"{self.name}: {what}", details)

    def clean(self, what, output, allowed="\n", least=1):
        found = faults(output, allowed)
        self.check(
            len(output) >= least and not found, f"{what} is plain text ({len(output)} bytes)", found
        )
        return output

    def texts(self):
        self.clean("report", run("report", self.pid), least=500)
        for what in ("main.hostileMap", "/evil/", "/^map/", "main.evilΤype"):
            self.clean(f"why {what}", run("why", self.pid, what))

    def tables(self):
        names = [row[0] for row in sql(self.pid, "select name from sqlite_master") if row[0]]
        tables = set(names) | {
            "meta",
            "objects",
            "types",
            "holders",
            "goroutines",
            "frames",
            "maps",
            "map_entries",
            "suspects",
            "roots",
        }
        for table in sorted(tables):
            query = f"select * from {table} limit 20000"
            self.clean(f"{table} as TSV", run("sql", self.snapshot, query, "--tsv"), "\n\t")
            lines = self.clean(
                f"{table} as JSON", run("sql", self.snapshot, query, "--json"), least=0
            ).splitlines()
            try:
                [json.loads(line) for line in lines]
            except ValueError as error:
                self.check(False, f"{table} is JSON", [error])
        self.clean(
            "objects as a table", run("sql", self.snapshot, "select * from objects limit 20000")
        )

    def entries(self):
        """Each hostile text is seen, escaped, as a key of its map."""
        keys = {
            str(key)
            for key, in sql(
                self.snapshot,
                "select e.key from map_entries e join maps m on m.id = e.map "
                "where m.type = 'map[string]interface {}'",
            )
        }
        seen = {match.group() for key in keys for match in [re.search(r"evil\d\d", key)] if match}
        self.check(
            len(seen) == 20, f"all 20 hostile keys are there ({len(seen)})", sorted(keys)[:10]
        )

    def dot(self):
        for focus in (
            "main.hostileMap",
            "main.hostileAny",
            "main.hostileTree",
            "main.hostileSlice",
            None,
        ):
            options = ("--focus", focus) if focus else ()
            for data in ((), ("--with-data",)):
                text = self.clean(
                    f"DOT of {focus} {' '.join(data)}",
                    run("export", self.snapshot, "--as", "dot", *options, *data, "-o", "-"),
                    "\n\t",
                )
                self.parse_dot(focus, text)

    def parse_dot(self, focus, text):
        """Graphviz sees exactly the nodes that were written: none was made by a label."""
        done = subprocess.run(
            ["dot", "-Tdot_json"], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if not self.check(
            done.returncode == 0, f"Graphviz reads the DOT of {focus}", [done.stderr.decode()]
        ):
            return
        picture = json.loads(done.stdout.decode("utf-8", "replace"))
        nodes = picture.get("objects", [])[picture.get("_subgraph_cnt", 0) :]
        names = [o["name"] for o in nodes]
        wrong = [n for n in names if not re.fullmatch(r"[A-Za-z0-9_.:%-]*", n)]
        self.check(
            names and not wrong and (len(names) == 1 or len(picture.get("edges", [])) > 0),
            f"no label of the DOT of {focus} made a node ({len(names)})",
            wrong,
        )

    def secrets(self):
        secret = f"secret-{self.pid:032d}".encode()
        export = ("export", self.snapshot, "--as", "dot", "--focus", "main.secrets", "-o", "-")
        self.check(secret not in run(*export), "an export has no key that only the heap has")
        self.check(secret in run(*export, "--with-data"), "an export with --with-data has it")
        self.check(b"schema" in run(*export), "an export has keys that stand in the binary")
        query = "select key, value from map_entries"
        self.check(
            secret in run("sql", self.snapshot, query), "a query on standard output shows it"
        )
        self.check(secret not in run("sql", self.snapshot, query, "--redact"), "not with --redact")
        self.check(
            secret not in run("report", self.snapshot, "--redact"),
            "nor does the report with --redact",
        )
        self.check(secret not in run("why", self.snapshot, "main.secrets", "--redact"), "nor why")

    def errors(self):
        """What is refused is named, and the name is text too."""
        for arguments in (
            ("report", NAME),
            ("why", self.pid, NAME),
            ("sql", self.pid, f"select '{NAME}' from {NAME}"),
            ("snapshot", self.pid, "--with-data", "-o", f"/nowhere/{NAME}/x"),
            (NAME, NAME, NAME),
            (f"--{NAME}",),
            ("export", self.pid, "--as", NAME, "-o", "-"),
        ):
            done = subprocess.run(
                [GORETAIN, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=60,
            )
            found = faults(done.stdout + done.stderr)
            self.check(
                0 < done.returncode < 128 and done.stderr and not found,
                f"the refusal of {' '.join(map(repr, arguments))[:50]} is plain text",
                found + [done.stderr],
            )


def hostile(version, tap, folder):
    name = f"go{version}"
    program = folder / f"{NAME}-{version}"
    shutil.move(build(version, "hostile", folder / "built"), program)
    with Target(
        program, NAME, "\x1b]0;argument\x07", "\u202eargument", os.fsdecode(b"\xff\x9b31m")
    ) as target:
        target.expect("ready")
        target.wait_until_quiet()
        test = Hostile(name, target.pid, folder, tap)
        run("snapshot", target.pid, "--with-data", "-o", test.snapshot)
        for part in (test.texts, test.tables, test.entries, test.dot, test.secrets, test.errors):
            try:
                part()
            except Failure as failure:
                test.check(False, f"{part.__name__} can be read", [failure])


if __name__ == "__main__":
    each_argument(hostile, "1.19", "1.26")
