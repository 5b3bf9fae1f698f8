#!/usr/bin/env python3
"""Compares goretain with the runtime's own heap dump of the same quiet process.

    compare.py [VERSION[:MODE]]...    a Go version; the modes are those of modes.py (default: plain)

The target (tests/targets/oracle) holds one of everything. It is read by goretain, then told to dump
itself. Objects, edges, frames of parked goroutines and their pointer slots, and the slots of globals
must be the same, both ways. What the dump cannot show is left out, and only that: see EXCEPTIONS.

EXCEPTIONS
- The goroutine that writes the dump moves between the two readings.
- Which thread a processor (runtime.p) ran on last changes with it: those slots must be pointers in
  both, but may point to different threads.
- Stack objects, that is locals whose address is taken, are not in the dump's frames; for goretain
  they are roots of a kind of their own.
- Where a function has no map of its pointer slots (assembly), the dump lists every word of it.
- The dump keeps no record of which objects are live, of types, cleanups or weak pointers.
"""

import pathlib
import sys
import tempfile

from dump import Heap
from goretain import Failure, Tap, Target, meta, run, sql
from modes import command

# A collection keeps all that is allocated while it runs, also what the runtime drops again at once
# (closures of its own; one or two small objects). tests/oracle/reach.py is exact both ways.
DROPPED_BYTES = 256

# What must have a name that is read from the files of modules which are not the program: holders, types.
NAMES = {
    "plugin": (
        "example.com/targets/oracle/plugin.GlobalMap",
        "main.leaf",
        "map[string]*main.leaf",
        "func example.com/targets/oracle/plugin.Values.func2 closure",
    ),
    "c-shared": ("main.kept", "main.node", "map[string]*main.node"),
}

COLUMNS = (
    "objects",
    "missing",
    "extra",
    "edges",
    "missing",
    "extra",
    "frames",
    "differ",
    "slots",
    "missing",
    "extra",
    "globals",
    "missing",
    "extra",
)


def difference(ours, theirs, show):
    """(missing, extra) of two dictionaries, and some of both as text."""
    missing = [k for k in theirs if k not in ours or ours[k] != theirs[k]]
    extra = [k for k in ours if k not in theirs or ours[k] != theirs[k]]
    examples = [f"{len(missing)} missing, {len(extra)} extra"] if missing or extra else []
    examples += [f"missing {show(k, theirs[k])}" for k in sorted(missing, key=str)[:5]]
    examples += [f"extra {show(k, ours[k])}" for k in sorted(extra, key=str)[:5]]
    return len(missing), len(extra), examples


def show_number(n):
    return hex(n) if isinstance(n, int) and n > 99999 else str(n)


def show_slot(key, pointer):
    where = key if isinstance(key, tuple) else (key,)
    return f"{' '.join(map(show_number, where))} -> {pointer:#x}"


class Comparison:
    passing = frozenset()  # pointers that a thread keeps for a moment only
    dropped = DROPPED_BYTES

    def __init__(self, name, target, heap, counters, tap):
        self.name, self.target, self.heap, self.counters, self.tap = (
            name,
            target,
            heap,
            counters,
            tap,
        )
        self.writer = heap.writer
        self.row = []

    def check(self, passed, what, details=()):
        return self.tap.check(passed, f"{self.name}: {what}", details)

    def both_ways(self, what, ours, theirs, show):
        missing, extra, examples = difference(
            {k: v for k, v in ours.items() if k in theirs or v not in self.passing},
            {k: v for k, v in theirs.items() if k in ours or v not in self.passing},
            show,
        )
        self.row += [len(theirs), missing, extra]
        self.check(
            theirs and not missing and not extra, f"{what} identical ({len(theirs)})", examples
        )

    def run(self):
        self.dump_is_sane()
        self.objects()
        self.edges()
        self.frames()
        self.frame_slots()
        self.globals()
        self.counts()

    def dump_is_sane(self):
        self.check(*self.heap.adds_up())

    def objects(self):
        theirs = {o.addr: len(o.content) for o in self.heap.objects.values()}
        ours = dict(sql(self.target, "select addr, size from objects"))
        self.both_ways("objects", ours, theirs, lambda a, size: f"{a:#x} of {size} bytes")

    def edges(self):
        theirs = self.heap.edges()
        ours = dict(
            sql(
                self.target,
                "select s.addr + e.src_offset, d.addr + e.dst_offset from edges e "
                "join objects s on s.id = e.src join objects d on d.id = e.dst",
            )
        )
        for addr, size in sql(
            self.target, "select addr, size from objects where type = 'runtime.p'"
        ):
            for slot in range(addr, addr + size, 8):
                if slot in ours and slot in theirs:
                    ours[slot] = theirs[slot]
        self.both_ways("edges", ours, theirs, show_slot)

    def names(self, names):
        known = sql(self.target, "select name from holders union select name from types")
        missing = [name for name in names if (name,) not in known]
        self.check(not missing, "globals and types of all modules are named", missing)

    def parked(self):
        return [g for g in self.heap.goroutines.values() if g.goid != self.writer]

    def frames(self):
        ours = {}
        for goid, sp, function in sql(
            self.target,
            "select goroutine, sp, function from frames "
            "where inlined = 0 order by goroutine, level",
        ):
            ours.setdefault(goid, []).append((sp, function))
        wrong = []
        total = 0
        for g in self.parked():
            theirs = [(f.sp, f.name) for f in g.frames]
            total += len(theirs)
            if ours.get(g.goid) != theirs:
                wrong.append(f"{g}: dump {theirs[:4]}, goretain {ours.get(g.goid, [])[:4]}")
        self.row += [total, len(wrong)]
        self.check(
            total and not wrong,
            f"frames of {len(self.parked())} parked goroutines identical ({total})",
            wrong,
        )

    def frame_slots(self):
        theirs, unmapped = {}, []
        for g in self.parked():
            for f in g.frames:
                words = len(f.content) // 8
                if words and len(f.fields) == words:
                    unmapped.append((f.sp, f.sp + len(f.content)))
                    continue
                for addr, pointer in self.heap.pointers(f.sp, f.content, f.fields).items():
                    theirs[g.goid, addr] = pointer
        ours = {
            (goid, addr): pointer
            for goid, addr, pointer in sql(
                self.target,
                "select r.goroutine, r.addr, o.addr + r.dst_offset from roots r "
                "join objects o on o.id = r.dst where r.kind = 'frame' and r.goroutine is not null",
            )
            if goid != self.writer and not any(lo <= addr < hi for lo, hi in unmapped)
        }
        self.both_ways("pointer slots of frames", ours, theirs, show_slot)

    def globals(self):
        theirs = {}
        for s in self.heap.segments:
            theirs.update(self.heap.pointers(s.addr, s.content, s.fields))
        ranges = [(s.addr, s.addr + len(s.content)) for s in self.heap.segments]
        ours = {
            addr: pointer
            for addr, pointer in sql(
                self.target,
                "select r.addr, o.addr + r.dst_offset from roots r "
                "join objects o on o.id = r.dst where r.addr <> 0",
            )
            if any(lo <= addr < hi for lo, hi in ranges)
        }
        self.both_ways("pointer slots of globals", ours, theirs, show_slot)

    def counts(self):
        facts = meta(self.target)
        size = sum(len(o.content) for o in self.heap.objects.values())
        self.check(
            facts.get("heap_alloc")
            == self.counters["HeapAlloc"]
            == size
            == facts.get("heap_explained"),
            "heap_alloc and heap_explained are the runtime's HeapAlloc",
            [
                f"{facts.get('heap_alloc')}, {facts.get('heap_explained')}; runtime {self.counters['HeapAlloc']}"
            ],
        )
        self.check(
            facts.get("kept_by_last_gc")
            and 0 <= facts["kept_by_last_gc"] - facts["kept_reached"] <= self.dropped,
            "all that the last collection kept is reached",
            [f"kept {facts.get('kept_by_last_gc')}, reached {facts.get('kept_reached')}"]
            + sql(
                self.target, "select type, size, addr from objects where survived and not live"
            ),
        )
        finalizers = [f.object for f in self.heap.finalizers]
        (ours,) = sql(self.target, "select count(*) from roots where kind = 'finalizer'")
        self.check(
            not finalizers or ours[0] > 0,
            f"finalizers are roots ({len(finalizers)} objects have one)",
        )


def take_dump(target, path):
    target.wait_until_quiet()
    target.tell()
    counters = target.counters()
    return Heap(path), counters


def read_still(target, dump, snapshot):
    """Reads the target between two dumps that are the same. What is not still at first is the
    runtime's scavenger, which pauses in its work for longer than anything here could guess."""
    before, _ = take_dump(target, dump)
    for _ in range(30):
        target.wait_until_quiet()
        run("snapshot", target.pid, "--with-data", "--force", "-o", snapshot)
        live = sql(target.pid, "select count(*), sum(size), count(distinct addr) from objects")
        after, counters = take_dump(target, dump)
        if after.same_as(before):
            return after, counters, live
        before = after
    raise Failure("the target does not stand still")


def compare(version, mode, tap, folder):
    name = f"go{version} {mode}"
    program = command(version, mode, "oracle", folder)
    snapshot = folder / "snapshot"
    with Target(*program(folder / "dump")) as target:
        target.expect("ready")
        heap, counters, live = read_still(target, folder / "dump", snapshot)
    comparison = Comparison(name, snapshot, heap, counters, tap)
    comparison.run()
    if mode in NAMES:
        comparison.names(NAMES[mode])
    comparison.check(
        live == [(counters["HeapObjects"], counters["HeapAlloc"], counters["HeapObjects"])],
        "a query of the live process agrees",
        [f"{live} {counters}"],
    )
    return name, comparison.row


def main():
    tap, rows = Tap(), []
    with tempfile.TemporaryDirectory(prefix="goretain-oracle-") as folder:
        for argument in sys.argv[1:] or ["1.19", "1.26"]:
            version, _, mode = argument.partition(":")
            try:
                rows.append(compare(version, mode or "plain", tap, pathlib.Path(folder)))
            except Failure as failure:
                tap.check(False, f"go{argument} can be compared", [failure])
    print("#" + f"{'version':>16}" + "".join(f"{c:>9}" for c in COLUMNS))
    for name, row in rows:
        print("#" + f"{name:>16}" + "".join(f"{n:>9}" for n in row))
    tap.end()


if __name__ == "__main__":
    main()
