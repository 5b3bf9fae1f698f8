#!/usr/bin/env python3
"""The oracle on programs that nobody here wrote: servers from the Go module proxy.

    servers.py [--loaded] [--seconds N] [--keep FOLDER] SERVER[@GO]...

SERVER is one of SERVERS below, GO the version to build it with, if not all that the table has. With
--loaded the server is frozen while it works, and not after.

One run: the server answers requests, connections are closed and some stay; then it is frozen (see
tests/oracle/overlay), its garbage still there, and goretain takes the first snapshot; it collects,
dumps its heap and its counters and stops; goretain takes the second.

- What the first calls live must be in the dump, what it calls dead must not; its frames are those
  that runtime.Stack printed.
- Objects, edges, frames and their slots, the slots of globals and the counters of the second are those of
  the dump, both ways, as in compare.py, which names what the dump cannot show.

EXCEPTIONS, each counted and printed, and nothing else
- victims: called live, and gone: what only the slots led to that a collection empties before it marks
  (mgc.go, clearpools): those of sync.Pool, which the program itself names, and the scheduler's caches of
  sudogs and defers, which are empty in the dump. That exactly what only they reach is gone, is checked.
- queued: called dead, and left: it has a finalizer, which waits to run.
- of what the collection kept, the second snapshot does not reach the tiny blocks that were being filled.
- a thread that looks for work keeps the list of processors for that long (Go 1.25 on,
  runtime.m.allpSnapshot): in the dump or when the process stops, and not in the other.

A dump that ends the process (Go 1.26's "dumpgs in STW") is tried again, and counted.
"""

import argparse
import collections
import pathlib
import re
import struct
import tempfile

import loads
import stacks
from compare import Comparison
from dump import Heap
from goretain import Failure, Tap, meta, run, sql
from overlaid import Still, build_module

Server = collections.namedtuple("Server", "module package start releases")

# The newest release, and one of 2022 with the Go of its time where all that it needs can still be had.
SERVERS = {
    "nats": Server(
        "github.com/nats-io/nats-server/v2", ".", loads.nats, {"1.19": "v2.9.10", "1.26": "v2.15.2"}
    ),
    "caddy": Server(
        "github.com/caddyserver/caddy/v2",
        "cmd/caddy",
        loads.caddy,
        {"1.19": "v2.6.2", "1.26": "v2.11.9"},
    ),
    "etcd": Server(
        "go.etcd.io/etcd/server/v3", ".", loads.etcd, {"1.19": "v3.5.6", "1.26": "v3.6.6"}
    ),
    "prometheus": Server(
        "github.com/prometheus/prometheus",
        "cmd/prometheus",
        loads.prometheus,
        {"1.27": "v0.316.0"},
    ),
    "coredns": Server("github.com/coredns/coredns", ".", loads.coredns, {"1.27": "v1.15.0"}),
    "pocketbase": Server(
        "github.com/pocketbase/pocketbase", "examples/base", loads.pocketbase, {"1.27": "v0.40.4"}
    ),
}

COLUMNS = "live lost victims dead kept queued frames differ".split()
COLUMNS += "objects missing extra edges missing extra frames differ".split()
COLUMNS += "slots missing extra globals missing extra retries".split()


class Reach:
    """The objects of a snapshot, and which of them its roots and edges reach."""

    def __init__(self, snapshot):
        rows = sql(snapshot, "select addr, live from objects order by id")
        self.addresses = [addr for addr, _ in rows]
        self.live = {addr for addr, live in rows if live}
        self.roots = sql(snapshot, "select addr, dst from roots")
        self.edges = [[] for _ in rows]
        for src, offset, dst in sql(snapshot, "select src, src_offset, dst from edges"):
            self.edges[src].append((self.addresses[src] + offset, dst))

    def reach(self, without=frozenset()):
        """Addresses of what is reached, but for what only the slots WITHOUT lead to."""
        stack = [dst for slot, dst in self.roots if slot not in without]
        seen = set(stack)
        while stack:
            for slot, dst in self.edges[stack.pop()]:
                if dst not in seen and slot not in without:
                    seen.add(dst)
                    stack.append(dst)
        return {self.addresses[i] for i in seen}


class ServerComparison(Comparison):
    """The second snapshot and the dump, with what the first and runtime.Stack said of the same heap."""

    def __init__(self, name, first, second, heap, still, tap):
        self.first, self.still = first, still
        super().__init__(name, second, heap, still.counters(), tap)
        self.printed = stacks.printed((still.folder / "stacks").read_text())
        self.printed.pop(self.writer)

    def run(self):
        self.passing = self.processors()
        self.dropped += self.tiny_blocks()
        self.frozen()
        self.reached()
        self.stacks()
        super().run()
        self.counters_stand()
        self.goroutines()

    def unsettled(self):
        """Has one of the runtime's own goroutines (the scavenger, the sweeper, a mark worker on its way
        to park), which are not frozen, gone on between the dump and the stop? They do so for a moment."""
        theirs = {
            g.goid: [f.pc for f in g.frames] for g in self.parked() if g.goid not in self.printed
        }
        ours = {goid: [] for goid in theirs}
        query = "select goroutine, pc from frames where inlined = 0 order by goroutine, level"
        for goid, pc in sql(self.target, query):
            ours.get(goid, []).append(pc)
        return ours != theirs

    def frozen(self):
        """Whatever goretain says of the first snapshot, it is not the program that has gone on. (A
        thread on its way into a system call goes on until it is there: frames of the runtime alone.)
        """
        ours = collections.defaultdict(list)
        for goid, pc, function in sql(
            self.first,
            "select goroutine, pc, function from frames where inlined = 0 order by goroutine, level",
        ):
            ours[goid].append((pc, function))
        own = [g for g in self.parked() if g.goid in self.printed]
        moved = []
        for g in own:
            above = len(ours[g.goid]) - len(g.frames)
            entering = above > 0 and all(stacks.hidden(f) for _, f in ours[g.goid][:above])
            same = [pc for pc, _ in ours[g.goid][above if entering else 0 :]]
            if same != [f.pc for f in g.frames]:
                moved.append(g)
        self.check(
            own and not moved,
            f"{len(own)} goroutines of the program are where they were before the collection",
            [f"{g}: {g.frames[0].name}" for g in moved],
        )

    def processors(self):
        """The list of processors: a thread that looks for work refers to it meanwhile."""
        rows = sql(self.target, "select addr from objects where type = '[...]*runtime.p'")
        return {addr for (addr,) in rows}

    def tiny_blocks(self):
        """Bytes of the blocks that were being filled, one a processor: marking keeps them, and then
        they are nobody's (mgcmark.go, gcMarkTinyAllocs)."""
        ((size,),) = sql(
            self.first,
            "select sum(o.size) from roots r join objects o on o.id = r.dst "
            "where r.name = 'tiny blocks being filled'",
        )
        return size or 0

    def reached(self):
        """What the first snapshot says of each object against what the collection left."""
        graph = Reach(self.first)
        live, left = graph.live, set(self.heap.objects)
        dead = set(graph.addresses) - live
        victims = live - graph.reach(self.cleared())
        queued = {o.addr for o in map(self.heap.find, self.finalizable()) if o} & (dead | victims)
        victims -= queued
        gone, kept = live - left, (dead & left) - queued
        self.row += [len(live), len(gone - victims), len(victims)]
        self.row += [len(dead), len(kept), len(queued)]
        self.check(live == graph.reach(), "live is what roots and edges reach")
        self.check(
            live and gone == victims,
            f"of {len(live)} objects called live, all are left but {len(victims)} victims",
            self.describe(gone ^ victims),
        )
        self.check(
            not kept,
            f"of {len(dead)} objects called dead, none is left but {len(queued)} for their finalizers",
            self.describe(kept),
        )

    def cleared(self):
        """The slots that a collection empties before it marks."""
        pools = struct.iter_unpack("<Q", (self.still.folder / "pools").read_bytes())
        scheduler = sql(
            self.first,
            "select r.addr from roots r join holders h on h.id = r.holder where h.name = 'runtime.sched'",
        )
        return {slot for (slot,) in pools} | {
            slot for (slot,) in scheduler if not self.heap.word(slot)
        }

    def finalizable(self):
        return [f.object for f in self.heap.finalizers]

    def describe(self, addresses):
        """Kinds of objects, for who has to find out why."""
        kinds = collections.defaultdict(list)
        for addr, size, kind, holder, root in sql(
            self.first,
            "select o.addr, o.size, o.type, h.name, r.kind from objects o left join holders h "
            "on h.id = o.holder left join roots r on r.id = o.root",
        ) if addresses else ():
            if addr in addresses:
                kinds[size, kind, holder, root].append(addr)
        ordered = sorted(kinds.items(), key=lambda item: -len(item[1]))
        return [f"{len(addresses)} objects"] + [
            f"{len(where)} x {size} B {kind or '?'}, holder {holder}, root {root}, e.g. {where[0]:#x}"
            for (size, kind, holder, root), where in ordered
        ]

    def stacks(self):
        """The frames of the first snapshot are those that runtime.Stack printed at that moment."""
        theirs, ours = self.printed, {}
        for goroutine, function, file, line in sql(
            self.first,
            "select goroutine, function, file, line from frames order by goroutine, level",
        ):
            if not stacks.hidden(function):
                function = re.sub(r"\[.*\]", "[...]", function)
                ours.setdefault(goroutine, []).append((function, file, line))
        cut = int(re.match(r"go1\.(\d+)", self.heap.version)[1]) <= 20
        wrong = [g for g in theirs if not stacks.same(ours.get(g, []), theirs[g], cut)]
        frames = sum(map(len, theirs.values()))
        self.row += [frames, len(wrong)]
        self.check(
            theirs and not wrong,
            f"{frames} frames of {len(theirs)} goroutines are those that the runtime prints",
            [f"{g}: {ours.get(g, [])[:8]}\n runtime {theirs[g][:8]}" for g in wrong[:4]],
        )

    def counters_stand(self):
        """Nothing was allocated between the dump and the stop, and the counters are goretain's too."""
        dumped = self.heap.memstats[4:6]
        self.check(
            dumped == [self.counters["Mallocs"], self.counters["Frees"]],
            "the program stood still from the dump to the stop",
            [f"dump {dumped}, counters {self.counters}"],
        )
        facts = meta(self.target)
        ours = facts["gc_cycle"], *sql(self.target, "select count(*) from objects")[0]
        self.check(
            ours == (self.counters["NumGC"], self.counters["HeapObjects"]),
            "gc_cycle is NumGC, and there are HeapObjects objects",
            [f"{ours}, runtime {self.counters}"],
        )

    def goroutines(self):
        ours = {goid for (goid,) in sql(self.target, "select id from goroutines")}
        theirs = set(self.heap.goroutines)
        self.check(
            ours == theirs and len(ours) >= self.counters["Goroutines"] > 0,
            f"{len(theirs)} goroutines are the dump's ({self.counters['Goroutines']} the program's own)",
            [f"missing {theirs - ours}, extra {ours - theirs}"],
        )


def one_run(name, program, start, options, tap, folder):
    command, port, client = start(program, folder)
    first, second = folder / "first", folder / "second"
    with Still(command, folder, HOME=str(folder), XDG_DATA_HOME=str(folder)) as still:
        with loads.at_work(still.process, port, client, options.seconds, options.loaded) as load:
            still.freeze()
            print(f"# {name}[{still.pid}]: {load.count()} requests answered", flush=True)
        run("snapshot", still.pid, "--with-data", "-o", first)
        for _ in range(10):
            still.collect()
            heap = Heap(folder / "dump")
            run("snapshot", still.pid, "--with-data", "--force", "-o", second)
            comparison = ServerComparison(name, first, second, heap, still, tap)
            if not comparison.unsettled():
                break
    comparison.run()
    return comparison.row


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("servers", nargs="*", default=["nats@1.26"])
    parser.add_argument("--loaded", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    tap, table = Tap(), []
    for argument in options.servers:
        server, _, only = argument.partition("@")
        server = SERVERS[server]
        for version in [only] if only else server.releases:
            name = f"{argument.partition('@')[0]} {server.releases[version]} go{version}"
            try:
                program = build_module(version, server.module, server.releases[version], server.package)
                table.append((name, measured(name, program, server.start, options, tap)))
            except Failure as failure:
                tap.check(False, f"{name} can be compared", [failure])
    print(f"#{'':>24}" + "".join(f"{c:>8}" for c in COLUMNS))
    for name, row in table:
        print(f"#{name:>24}" + "".join(f"{n:>8}" for n in row))
    tap.end()


def measured(name, program, start, options, tap, tries=5):
    """The row of one server; a dump that the runtime does not survive is tried again."""
    for retries in range(tries):
        with tempfile.TemporaryDirectory(prefix="goretain-servers-") as folder:
            folder = pathlib.Path(folder)
            if options.keep:
                folder = options.keep / name.replace(" ", "-")
                folder.mkdir(parents=True)
            try:
                return one_run(name, program, start, options, tap, folder) + [retries]
            except Failure as failure:
                if "dumpgs in STW" not in str(failure):
                    raise
    raise Failure(f"{name} died {tries} times in its own heap dump")


if __name__ == "__main__":
    main()
