#!/usr/bin/env python3
"""Maps are read as the program itself sees them.

    maps.py [VERSION[:MODE]]...    a Go version and a mode of modes.py (1.24:X:noswissmap)
    maps.py --pid PID              any process: each map has as many entries as it says

The target (tests/targets/maps) builds maps and sync.Maps in every state, with every kind of key and value,
and says what each holds: texts, types, the addresses that its keys and values refer to. Each entry and
each figure of the tables maps and map_entries must be the same, both ways.
"""

import bisect
import collections
import functools
import json
import sys

from goretain import Tap, Target, each_argument, run
from modes import command

CUT = 256  # bytes of a text that a table shows
TINY = 16  # bytes of a block of the tiny allocator, which several boxes share
# States that the target must have reached, or the test would not say much.
STATES = {
    "buckets": ("growing, partly moved", "growing, same size, partly moved", "overflow", "no bucket"),
    "swiss": ("no group", "one group", "table", "directory", "tombstones", "shared tables", "caught"),
}


def rows(target, query):
    """Rows of a query as dictionaries."""
    return [json.loads(line) for line in run("sql", target, query, "--json").splitlines()]


class Objects:
    """The heap's objects by address."""

    def __init__(self, snapshot):
        table = rows(snapshot, "select id, addr, size from objects order by addr")
        self.base = [row["addr"] for row in table]
        self.size = [row["size"] for row in table]
        self.id = [row["id"] for row in table]
        self.place = {row["id"]: i for i, row in enumerate(table)}

    def find(self, addr):
        """(id, offset, size) of the object at an address, or (None, None, None)."""
        i = bisect.bisect_right(self.base, addr) - 1
        if i < 0 or addr >= self.base[i] + self.size[i]:
            return None, None, None
        return self.id[i], addr - self.base[i], self.size[i]


@functools.lru_cache(maxsize=100000)
def escaped(text):
    """TEXT as a table shows it."""
    out = []
    for c in text:
        named = {"\n": "\\n", "\t": "\\t", "\\": "\\\\"}.get(c)
        out.append(named or (c if c.isprintable() else f"\\x{ord(c):02x}"))
    return "".join(out)


def same_text(told, shown):
    if shown is None:
        return False
    told = escaped(told)
    if len(told.encode()) <= CUT:
        return told == shown
    return shown.endswith("…") and told.startswith(shown[:-1]) and len(shown.encode()) <= CUT + 8


class Maps:
    """What goretain says of a process's maps."""

    def __init__(self, snapshot):
        self.objects = Objects(snapshot)
        self.maps = rows(snapshot, "select * from maps")
        self.by_addr = {}
        for m in self.maps:
            self.by_addr.setdefault(m["addr"], []).append(m)
        self.entries = collections.defaultdict(list)
        for e in rows(snapshot, "select * from map_entries"):
            self.entries[e["map"]].append(e)

    def own_counts(self):
        """Maps that do not list as many entries as their headers say; of live ones."""
        return [
            f"{m['type']} at {m['addr']:#x}: {m['entries']} entries, {len(self.entries[m['id']])} listed"
            for m in self.maps
            if m["live"] and m["entries"] != len(self.entries[m["id"]])
        ]


class Comparison:
    def __init__(self, name, snapshot, told, tap):
        self.name, self.told, self.tap = name, told, tap
        self.maps = Maps(snapshot)
        self.snapshot = snapshot

    def check(self, what, faults):
        self.tap.check(not faults, f"{self.name}: {what}", [f"{len(faults)} differ", *faults])

    def run(self):
        found, missing = [], []
        for t in self.told:
            here = [
                m
                for m in self.maps.by_addr.get(t["Addr"], ())
                if (m["type"] == "sync.Map") == (t["Type"] == "sync.Map")
            ]
            if t["Addr"] and len(here) != 1:
                missing.append(f"{t['Name']} ({t['Type']}) at {t['Addr']:#x}: {len(here)} maps")
            elif t["Addr"]:
                found.append((t, here[0]))
        self.check(f"{len(self.told)} maps are found", missing)
        self.check("their types", [self.show(t, m, "type", want) for t, m, want in self.types(found)])
        self.check("their figures", [fault for t, m in found for fault in self.figures(t, m)])
        self.check("what tables take", [fault for t, m in found for fault in self.tables(t, m)])
        n = sum(len(t["Entries"] or ()) for t in self.told)
        self.check(f"their {n} entries", [fault for t, m in found for fault in self.listed(t, m)])
        self.check("what boxes take", [fault for t, m in found for fault in self.boxes(t, m)])
        self.check("each map of the process lists what it counts", self.maps.own_counts())

    @staticmethod
    def show(t, m, what, want):
        return f"{t['Name']} [{t['State']}]: {what} is {m[what]!r} instead of {want!r}"

    def types(self, found):
        for t, m in found:
            if m["type"] != t["Type"]:
                yield t, m, t["Type"]

    def figures(self, t, m):
        interfaces = [s for s in (t["Key"], t["Elem"]) if s in METHODS or s == "interface {}"]
        want = {
            "entries": len(t["Entries"] or ()),
            "key_type": t["Key"],
            "elem_type": t["Elem"],
            "live": 1,
            "boxes": "empty" if "interface {}" in interfaces else "methods" if interfaces else None,
        }
        if t["Type"] != "sync.Map":
            want["slots"] = t["Slots"]
            want["object"] = self.maps.objects.find(t["Addr"])[0]
        return [self.show(t, m, k, v) for k, v in want.items() if m[k] != v]

    def tables(self, t, m):
        """Parts are the objects of the forms that only maps have, reached from the header. The tables of
        maps that are made to look as if caught while they grow share their groups."""
        if t["Type"] == "sync.Map" or m["object"] is None or "caught" in t["State"]:
            return []
        if not hasattr(self, "parts"):
            self.read_parts()
        seen, work = {m["object"]}, [m["object"]]
        while work:
            for to in self.parts.get(work.pop(), ()):
                if to not in seen:
                    seen.add(to)
                    work.append(to)
        sizes = (self.maps.objects.size[self.maps.objects.place[i]] for i in seen - self.lists)
        want = sum(sizes)
        return [] if want == m["table_bytes"] else [self.show(t, m, "table_bytes", want)]

    def read_parts(self):
        """Edges to parts; and to the lists of overflow buckets that maps without pointers to 1.23 have."""
        self.parts = collections.defaultdict(set)
        self.lists = set()
        for row in rows(
            self.snapshot,
            "select e.src, e.dst, o.type from edges e join objects o on o.id = e.dst"
            " join objects s on s.id = e.src where o.type like '% groups' or o.type like '% buckets'"
            " or o.type like '% directory' or o.type like '% table' or o.type like '% extra'"
            " or (o.type is null and (s.type like '% extra' or s.type is null))",
        ):
            self.parts[row["src"]].add(row["dst"])
            if row["type"] is None:
                self.lists.add(row["dst"])

    def side(self, v):
        """The object and offset that a key or value refers to, as the tables should say."""
        object, offset, _ = self.maps.objects.find(v["Addr"]) if v["Addr"] else (None, None, None)
        return v["Type"] or None, object, offset

    def listed(self, t, m):
        here = collections.defaultdict(collections.Counter)
        for e in self.maps.entries[m["id"]]:
            where = (e["key_type"], e["key_object"], e["value_type"], e["value_object"], e["value_offset"])
            here[where][e["key"], e["value"]] += 1
        faults = []
        for k, v in sorted(t["Entries"] or (), key=lambda e: not (e[0]["Plain"] and e[1]["Plain"])):
            where = self.side(k)[:2] + self.side(v)
            texts = here[where]
            match = (escaped(k["Text"]), escaped(v["Text"]))
            if not (k["Plain"] and v["Plain"] and texts[match]):
                match = self.alike(k, v, texts)
            if match is None:
                faults.append(
                    f"{t['Name']} [{t['State']}]: no entry {where} {k['Text'][:80]!r}:"
                    f" {v['Text'][:80]!r}, but {[*texts][:3]}"
                )
            else:
                texts[match] -= 1
        left = sum(sum(texts.values()) for texts in here.values())
        if left and not faults:
            faults.append(f"{t['Name']} [{t['State']}]: {left} entries too many")
        return faults

    @staticmethod
    def alike(k, v, texts):
        """The texts of an entry that may be this one: texts with addresses in them are not compared."""
        for key, value in texts:
            if (
                texts[key, value] > 0
                and (not k["Plain"] or same_text(k["Text"], key))
                and (not v["Plain"] or same_text(v["Text"], value))
            ):
                return key, value
        return None

    def boxes(self, t, m):
        faults = []
        for side, count, size in ((0, "boxed_keys", "boxed_key_bytes"), (1, "boxed_values", "boxed_bytes")):
            boxes = [self.maps.objects.find(e[side]["Addr"]) for e in t["Entries"] or () if e[side]["Boxed"]]
            boxes = [b for b in boxes if b[0] is not None]
            if m[count] != len(boxes):
                faults.append(self.show(t, m, count, len(boxes)))
            # Blocks of the tiny allocator are shared: what a box takes of one is between 1 and all.
            most = sum(b[2] for b in boxes)
            least = sum(b[2] if b[2] != TINY else 1 for b in boxes)
            if not least <= m[size] <= most:
                faults.append(self.show(t, m, size, f"{least} to {most}"))
        return faults


METHODS = ("error", "fmt.Stringer", "main.lengther")


def compare(name, started, folder, tap):
    with Target(*started) as target:
        told = []
        while (line := target.line()) != "ready":
            told.append(json.loads(line))
        snapshot = folder / f"{name}.snapshot"
        run("snapshot", target.pid, "--with-data", "-o", snapshot)
    states = " ".join(t["State"] for t in told)
    kind = "buckets" if "buckets" in states else "swiss"
    absent = [s for s in STATES[kind] if s not in states]
    tap.check(not absent, f"{name}: the maps are in every state ({kind})", absent)
    Comparison(name, snapshot, told, tap).run()


def check_argument(argument, tap, folder):
    version, _, mode = argument.partition(":")
    compare(argument, command(version, mode or "plain", "maps", folder)(), folder, tap)


def check_process(pid):
    tap, maps = Tap(), Maps(pid)
    faults = maps.own_counts()
    tap.check(not faults, f"{len(maps.maps)} maps list what they count", faults)
    tap.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pid"]:
        check_process(int(sys.argv[2]))
    each_argument(check_argument, "1.19", "1.26")
