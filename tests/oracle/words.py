#!/usr/bin/env python3
"""What things are called: the words in which goretain says what it found, held against a program that was
made so that each of them has one right answer.

    words.py VERSION[:stripped] ..."""

import json
import re

from goretain import Target, build, each_argument, run, sql


class Words:
    """The running program, and what is asked of it."""

    def __init__(self, tap, target, version, stripped):
        self.tap, self.target = tap, target
        self.minor, self.stripped = int(version.split(".")[1]), stripped
        self.name = f"go{version}{', stripped' if stripped else ''}: "

    def sql(self, query):
        return sql(self.target.pid, query)

    def why(self, what, *options):
        return run("why", self.target.pid, what, *options).decode()

    def check(self, good, what, details=()):
        self.tap.check(good, self.name + what, details)

    def elements(self, places):
        """An element has a name if a slice reaches it; others are told by their distance from the slice."""
        for addr, words in places:
            path = json.loads(self.why(addr, "--json"))[0]
            go = words if "," not in words else None
            found, named = path["place"], path["expression"]
            if self.stripped:
                good = named is None and (found or words).endswith(words[words.index(","):] if "," in words else "")
            else:
                good = (found, named) == (words, go)
            self.check(good, words, [path])

    def goroutines(self):
        """Those that begin in the runtime bear the names of the program's functions on their stacks."""
        rows = self.sql("select h.name, g.wait, g.under, h.package, h.retained from goroutines g "
                        "join holders h on h.id = g.holder")
        finalizer = "runtime.runFinalizers" if self.minor >= 21 else "runtime.runfinq"
        expected = [("main.release", finalizer, "chan receive", 1, 90000)]
        if self.minor >= 24:
            expected += [
                (r"main\.(newer\.)?lines\.func1", "iter.Pull", "coroutine", 5, 2000),
                (r"main\.(newer\.)?pairs\.func\d", "iter.Pull2", "coroutine", 1, 2000),
                ("main.forget", "runtime.runCleanups", "chan receive", 1, 60000),
            ]
        if self.minor >= 25:
            expected.append(("main.grouped", r"sync.(*WaitGroup).Go", "chan receive", 1, 0))
        for function, under, wait, count, bytes_kept in expected:
            found = [
                row for row in rows
                if re.fullmatch(rf"goroutine \d+ {function} under {re.escape(under)}", row[0])
                and row[1:4] == (wait, under, "main") and row[4] >= bytes_kept
            ]
            self.check(len(found) == count, f"goroutines of {function} under {under}: {count}", rows)
        plain = [row for row in rows if row[0].split()[-1] in ("main.main", "example.com/targets/words/a/store.Park")]
        self.check([row[2] for row in plain] == [None, None], "others have nobody above them", rows)

    def dotted(self):
        """A dot in a path's last word is one, not %2e."""
        rows = self.sql("select name, package from holders where package like '%yaml%'")
        said = sorted((re.sub(r"^goroutine \d+ ", "", str(n)), p) for n, p in rows if not str(n).startswith(("bss", "data")))
        path = "example.com/targets/words/yaml.v3"
        expected = [(f"{path}.{n}", path) for n in (["Wait"] if self.stripped else ["Documents", "Wait"])]
        self.check(said == expected, "a dot in an import path", rows)
        raw = self.sql("select distinct name from holders where name like '%\\%2e%' escape '\\' or name like '%..stmp%' "
                       "union select distinct function from frames where function like '%\\%2e%' escape '\\'")
        self.check(not raw, "no name as only the linker has it", raw)

    def alike(self):
        """Packages that are called alike are told apart, and accepted by each of their names."""
        path = "example.com/targets/words/"
        for word in ("a/store", "b/store", "gorilla/context"):
            kind = "Bag" if "context" in word else "Record"
            for name in (f"{word}.{kind}", f"{path}{word}.{kind}"):
                said = self.why(name)
                self.check(f" of type {word}.{kind} " in said, f"{name} is {word}.{kind}", [said])
            if not self.stripped:
                said = self.why(f"{path}{word}.{kind}s")
                self.check(said.startswith(f"global {word}.{kind}s "), f"global {word}.{kind}s", [said])
        said = self.why("context.valueCtx")
        self.check(" of type context.valueCtx " in said, "the standard library's has no longer path", [said])
        page = run("report", self.target.pid).decode()
        self.check("map[string]*gorilla/context.Bag" in page, "types of types are spelled so, too", [page])
        rows = self.sql("select type, count(*) from objects where type in ('store.Record', 'context.Bag') group by 1")
        self.check(rows == [("context.Bag", 1), ("store.Record", 2)], "SQL has the language's own names", rows)

    def page(self):
        """The report in a file: whole names, rows by bytes, no share above the whole without a word."""
        page = run("report", self.target.pid).decode()
        self.check("…" not in page.replace("… ", ""), "no name of a report in a file is cut", [page])
        rows = re.findall(r"^ *([\d.]+ [kMG]?B) +[\d.]+ %.*", page.split("TOP HOLDERS")[1], re.M)
        sizes = [float(row.split()[0]) * {"B": 1, "kB": 1e3, "MB": 1e6}[row.split()[1]] for row in rows]
        self.check(len(sizes) > 8 and sizes == sorted(sizes, reverse=True), "holders by bytes, always", [page])
        self.check(re.search("nested retained(.*\n)+.* unknown type +[\\d.]+ %", page), "what has no type is a row", [page])
        wrong = re.findall(r"\b1 (?:objects|entries|types|slots|maps|holders|paths|goroutines)\b", page)
        self.check(not wrong, "one of a thing is one", wrong)

    def boxes(self):
        """What a large object refers to first is not in a box, though a type's address stands before it."""
        rows = self.sql("select type, boxed, count(*) from objects where type in ('main.leaf', '[3]int') group by 1, 2")
        self.check(rows == [("[3]int", 1, 10), ("main.leaf", 0, 10)], "boxed is what an interface points at", rows)


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    stripped = mode == "stripped"
    program = build(version, "words", folder / argument, flags=("-ldflags=-s -w",) if stripped else ())
    with Target(program) as target:
        places = []
        while (line := target.line()) != "ready":
            places.append(line.split(" ", 2)[1:])
        target.wait_until_quiet()
        words = Words(tap, target, version, stripped)
        words.elements(places)
        for part in ("goroutines", "dotted", "alike", "page", "boxes"):
            getattr(words, part)()


each_argument(check, "1.18", "1.26", "1.26:stripped")
