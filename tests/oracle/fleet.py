#!/usr/bin/env python3
"""How goretain does on real servers of many kinds, stripped and with symbols, while they work.

    fleet.py [--seconds N] [--drained] [--form stripped|plain] [--untyped N] [--keep FOLDER] [NAME]...
    fleet.py --same [--seconds N] [NAME]...
    fleet.py --list

NAME is one of fleet.list, by default each. What has to be built or fetched for it is kept. A server works
for N seconds (5), then goretain takes one snapshot while it goes on (--drained: when its clients are
done). Printed is a line a server: what was explained of HeapAlloc; of the live bytes those with a type
(exact or derived), and those with an inferred one; what was reached of what the last collection kept (much
of that has died since, in a server at work); suspects, the pause and the time. With --untyped, too, the N
largest groups of what has no type or an inferred one, by what leads there first.

It fails where less than all is explained, less than 97 % typed of one, less than 98 % of the median, or a
suspect is proven, or more than one of all servers likely: these are healthy. Notes are for what is large.

With --same the servers that are built run with symbols, and a core file of each (by gdb) is read twice, with
its program and with that program stripped: no object may have one type here and another there.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import fleet_loads
import loads
from goretain import Failure, Tap, meta, run, sql
from overlaid import SERVERS, go

LIST = pathlib.Path(__file__).with_suffix(".list")
Server = collections.namedtuple("Server", "name go source program release load")

COLUMNS = "live MB,explained %,typed %,inferred %,reached %,suspects,pause ms,seconds".split(",")


def fleet():
    """The servers of the list, by name."""
    rows = (line.split() for line in LIST.read_text().splitlines())
    return {row[0]: Server(*row) for row in rows if row and row[0] != "#"}


def load_of(server):
    return getattr(fleet_loads, server.load, None) or getattr(loads, server.load)


def program(server, form):
    """The server's program; None where it is not to be had in that form."""
    if server.go == "debian":
        return packaged(server) if form == "stripped" else None
    source = server.source.replace("/", "+")
    folder = SERVERS / "fleet" / f"{source}-{server.release}-go{server.go}"
    if not (folder / form).exists():
        built(server, folder, form)
    return folder / form


def packaged(server):
    """Out of Debian's package, which is taken apart instead of installed: that would start it."""
    folder = SERVERS / "deb" / server.source
    if not folder.exists():
        with tempfile.TemporaryDirectory(prefix="goretain-fleet-") as work:
            subprocess.run(["apt-get", "-qq", "download", server.source], cwd=work, check=True)
            (archive,) = pathlib.Path(work).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, pathlib.Path(work) / "tree"], check=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(pathlib.Path(work) / "tree", folder)
    return folder / "usr" / server.program


def built(server, folder, form):
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{server.source}@{server.release}"
    if not (folder / "go.sum").exists():
        (folder / "go.mod").write_text(f"module example.com/fleet\n\ngo {server.go}\n")
        go(server.go, "get", wanted, cwd=folder)
    package = server.source if server.program == "." else f"{server.source}/{server.program}"
    options = ["-ldflags=-s -w"] if form == "stripped" else []
    go(server.go, "build", "-mod=mod", *options, "-o", folder / "new", package, cwd=folder)
    (folder / "new").rename(folder / form)


# All that is asked of a snapshot, in one query: each call would analyse it anew. Rows are a word for what
# they are, and values.
QUESTION = """
select 'meta', key, value, null, null from meta
union all select 'memory', part, bytes, null, null from memory
union all select 'known', type_known, sum(size), null, null from objects where live = 1 group by 2
union all select 'suspect', rule, title, retained, confidence from suspects where confidence <> 'note'"""

# What has no type, by the first that refers to it: an object's word or else a root.
UNTYPED = """
with u as (select id, size, noscan, type_known from objects
           where live = 1 and type_known in ('unknown', 'inferred')),
e as (select dst, min(src) as src, min(src_offset) as at from edges
      where dst in (select id from u) and src <> dst group by dst),
r as (select dst, min(kind) as kind, min(name) as name, min(goroutine) as goroutine, min(level) as level
      from roots where dst in (select id from u) group by dst),
f as (select goroutine, level, max(function) as function from frames
      where goroutine in (select goroutine from r) group by 1, 2)
select 'untyped', sum(u.size), count(*), min(u.size) || '..' || max(u.size),
case u.noscan when 1 then 'noscan ' else 'scan ' end || u.type_known || ' ' ||
case when s.id is null then '' when s.type like '[...]%' then s.type || ' '
     else coalesce(s.type, '?' || s.size) || ' +' || e.at || ' ' end || coalesce(r.kind || ' ', '') ||
coalesce(f.function, r.name, '') as words
from u left join e on e.dst = u.id left join objects s on s.id = e.src left join r on r.dst = u.id
left join f on f.goroutine = r.goroutine and f.level = r.level
group by words order by 2 desc limit {}"""


class Reading:
    """The figures of one snapshot."""

    def __init__(self, snapshot, seconds, untyped):
        question = QUESTION
        if untyped:
            question += f" union all select * from ({UNTYPED.format(untyped)})"
        answers = collections.defaultdict(list)
        for kind, *row in sql(snapshot, question):
            answers[kind].append(row)
        facts = {key: value for key, value, *_ in answers["meta"]}
        known = {key: value for key, value, *_ in answers["known"]}
        self.memory = {part: size for part, size, *_ in answers["memory"]}
        self.suspects = [row[:4] for row in answers["suspect"]]
        self.untyped = answers["untyped"]
        self.live = sum(known.values())
        self.explained = percent(facts["heap_explained"], facts["heap_alloc"])
        self.typed = percent(known.get("exact", 0) + known.get("derived", 0), self.live)
        self.inferred = percent(known.get("inferred", 0), self.live)
        self.reached = percent(facts["kept_reached"], facts["kept_by_last_gc"])
        self.pause, self.seconds = facts["pause_ns"] / 1e6, seconds

    def accused(self, confidence):
        return [suspect for suspect in self.suspects if suspect[3] == confidence]

    def row(self):
        return (
            f"{self.live / 1e6:.2f}",
            f"{self.explained:.3f}",
            f"{self.typed:.2f}",
            f"{self.inferred:.2f}",
            f"{self.reached:.2f}",
            len(self.suspects),
            f"{self.pause:.0f}",
            f"{self.seconds:.1f}",
        )


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


@contextlib.contextmanager
def at_work(server, binary, options, folder):
    """The server's process and its load."""
    command, port, client = load_of(server)(binary, folder)
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **places},
        )
    try:
        with loads.at_work(process, port, client, options.seconds, not options.drained) as load:
            if not load.count():
                raise Failure("the server answered nothing")
            yield process
            print(f"# {server.name}[{process.pid}]: {load.count()} requests answered", flush=True)
    except Failure as failure:
        raise Failure(f"{failure}: {(folder / 'log').read_text(errors='replace')[-800:]}") from None
    finally:
        process.kill()
        process.wait()


def measured(server, binary, options, folder):
    with at_work(server, binary, options, folder) as process:
        snapshot, begin = folder / "snapshot", time.monotonic()
        run("snapshot", process.pid, "--with-data", "-o", snapshot)
        seconds = time.monotonic() - begin
    return Reading(snapshot, seconds, options.untyped)


def known_types(core, binary):
    """The types of a core file's objects, by address, but those that are inferred."""
    query = "select addr, type from objects where type_known in ('exact', 'derived')"
    return dict(sql(core, query, "--exe", binary))


# Both are right: a pointer or a map is converted to one of another name, or a struct's only field is the other.
BOTH = [
    (r"stats\.\w+Handle", r"stats\.MetricDescriptor"),
    (r"pool\.Pool\[.*\]", r"sync\.Pool"),
    (r"sets\.(String|Int)", r"sets\.Set\[.*\]"),
]
PARTS = re.compile(r" (buffer|directory|table|groups|buckets|extra)$")
ARRAY = re.compile(r"^\[(\d+|\.\.\.)\]")


def alike(one, other):
    """Are two names of one type? An array may be a slice's. Symbols tell the name that a map or a channel of a
    variable has, and the instance of what code for all of one shape uses."""
    if one == other:
        return True
    part = PARTS.search(one)
    if (part and part[0]) != (PARTS.search(other) and PARTS.search(other)[0]):
        return False
    one, other = ARRAY.sub("[]", PARTS.sub("", one)), ARRAY.sub("[]", PARTS.sub("", other))
    if "go.shape." in other:
        return "[" in other and one.startswith(other[: other.index("[")])
    for kind in "chan", "map[":
        if other.startswith(kind) or one.startswith(kind):
            return one == other or not (other.startswith(kind) and one.startswith(kind))
    if any(re.fullmatch(a, one) and re.fullmatch(b, other) for a, b in BOTH):
        return True
    return one == other


def same(server, options, tap):
    """What the types are with symbols and without, of the same bytes."""
    binary = program(server, "plain")
    if not binary:
        return
    with tempfile.TemporaryDirectory(prefix="goretain-fleet-") as temporary:
        folder = pathlib.Path(temporary)
        stripped, core = folder / "stripped", folder / "core"
        subprocess.run(["objcopy", "--strip-all", binary, stripped], check=True)
        with at_work(server, binary, options, folder) as process:
            dump = ["gcore", "-o", core, str(process.pid)]
            subprocess.run(dump, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        core = core.with_suffix(f".{process.pid}")
        here, there = known_types(core, binary), known_types(core, stripped)
    both = here.keys() & there.keys()
    wrong = collections.Counter((here[i], there[i]) for i in both if not alike(here[i], there[i]))
    tap.check(
        both and not wrong,
        f"{server.name}: {len(both)} of {len(here)} types are known without symbols, too, and the same",
        [f"{n} x {types}" for types, n in wrong.most_common()],
    )


def report(reading, name):
    for rule, title, retained, confidence in reading.suspects:
        print(f"# {name}: suspect, {confidence}, {rule}: {title}, {retained:,} B")
    for total, count, sizes, words in reading.untyped:
        print(f"#   {total:>12,} {count:>8,} of {sizes} {words}")


def one(server, options):
    """The readings of one server, by form."""
    for form in [options.form] if options.form else ["stripped", "plain"]:
        with tempfile.TemporaryDirectory(prefix="goretain-fleet-") as temporary:
            folder = pathlib.Path(temporary)
            if options.keep:
                folder = options.keep.resolve() / f"{server.name}-{form}"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
            binary = program(server, form)
            if binary:
                reading = measured(server, binary, options, folder)
                report(reading, server.name)
                yield form, reading


def judge(readings, tap):
    for (name, form), r in readings.items():
        tap.check(round(r.explained, 3) == 100, f"{name} {form}: explained {r.explained:.3f} %")
        tap.check(r.typed >= 97, f"{name} {form}: typed {r.typed:.2f} %")
        tap.check(not r.accused("proven"), f"{name} {form}: nothing is proven against it", r.accused("proven"))
    likely = [s for r in readings.values() for s in r.accused("likely")]
    tap.check(len(likely) <= 1, "at most one is likely, in all", likely)
    typed = [r.typed for (_, form), r in readings.items() if form == "stripped"]
    if len(typed) > 2:
        middle = statistics.median(typed)
        tap.check(middle >= 98, f"typed when stripped: {middle:.2f} % in the middle")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("servers", nargs="*", metavar="NAME", default=list(fleet()))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--drained", action="store_true")
    parser.add_argument("--form", choices=["stripped", "plain"])
    parser.add_argument("--untyped", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--same", action="store_true")
    options = parser.parse_args()
    if options.list:
        print(LIST.read_text(), end="")
        return
    tap, readings = Tap(), {}
    for name in options.servers:
        try:
            if options.same:
                same(fleet()[name], options, tap)
                continue
            for form, reading in one(fleet()[name], options):
                readings[name, form] = reading
                said = ", ".join(f"{c} {v}" for c, v in zip(COLUMNS, reading.row()))
                print(f"# {name} {form}: {said}", flush=True)
        except Failure as failure:
            tap.check(False, f"{name} can be measured", [failure])
    if options.same:
        tap.end()
    print(f"# {'':<28}" + "".join(f"{c:>13}" for c in COLUMNS))
    for (name, form), reading in readings.items():
        print(f"# {name + ' ' + form:<28}" + "".join(f"{v:>13}" for v in reading.row()))
    judge(readings, tap)
    tap.end()


if __name__ == "__main__":
    main()
