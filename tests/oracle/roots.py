#!/usr/bin/env python3
"""What the runtime keeps alive from outside the heap, and under which name.

    roots.py [VERSION[:MODE]]...    a Go version and a mode of modes.py; with X:arenas (from 1.20
                                    on) there are user arenas, too

The target (tests/targets/roots) has one object of its own for each such place and tells their names
and addresses. goretain reads it; it collects and dumps; goretain reads it again, and it collects and
dumps once more. Each time what goretain called live must be what the collection kept, both ways, but
for what it names itself: see EXCEPTIONS. And each of the target's objects must be live or not, and
held by whom, as the tables below say.

EXCEPTIONS, each of which must hold exactly
- An object with a finalizer stays until that has run. It is not live while nothing else refers to it,
  and a weak root of kind "finalizer" says what it waits for.
- What only a pool's victims lead to is live, over edges of strength "pool"; a collection drops it.
- Go 1.23 and 1.24 look at each canonical value while they mark, and so keep those that nobody has any
  more. A weak root of kind "weak handle" names them.
"""

import collections
import os
import re
import struct

from dump import Heap
from goretain import Failure, Target, each_argument, meta, run, sql
from modes import command
from reach import contents

# Name of the target's object -> kind and name of its holder. The first that fits counts; what has
# more than one holder is told by None, and what is not live by DEAD.
# BY_VERSION: the cleanup that runs stays in the queue in Go 1.25, and is taken from it from 1.26 on.
# ANYBODY: it depends on what the runtime did meanwhile, and only the comparison above judges it.
DEAD, ANYBODY, BY_VERSION = object(), object(), object()
SEVERAL = (None, None)
RUNS = ("goroutine", r"goroutine \d+ main\.\S+ under runtime\.runCleanups")
PART = r"(pointer|interface|stringer|flat|wide|large)"
FUNCTION = r"finalizer main\.\w+\.func\d+ of main\.(mark|flat|wide|large)"
CLEANUP = r"cleanup main\.\w+\.func\d+"
ALWAYS = (
    (r"(garbage|channel\.none|pinned\.done|handle\.gone)(\..*)?$", DEAD),
    # A stopped timer stays in the processor's heap until somebody clears it away: the dump tells.
    (r"(timer\.(stopped|late)|context\.cancelled|pool\.taken)", ANYBODY),
    (r"(channel\.(buffered|full|sent)|select\.|defer\.|panic\.|label\.)", ("goroutine", r"goroutine \d+ main\.")),
    (r"mutex\.", SEVERAL),
    (r"coroutine\.held\.(captured|yielded)", SEVERAL),
    (r"coroutine\.fresh", ("goroutine", r"goroutine \d+ runtime\.corostart")),  # nothing of the program runs in it yet
    (r"coroutine\.", ("goroutine", r"goroutine \d+ main\.\S+ under iter\.Pull")),
    (r"finalizer\.running", SEVERAL),
    (r"cleanup\.running\.object", DEAD),
    (r"cleanup\.running", BY_VERSION),
    (r"timer\.(func|reset)", ("timer", r"timer main\.makeFuncs\.func\d$")),
    (r"bubble\.timer", SEVERAL),  # the goroutine that began it, too
    (r"timer\.sleep", ("goroutine", r"goroutine \d+ main\.makeFuncs")),
    (r"context\.value", ("timer", r"timer context\.")),
    (r"poll\.waits", ("goroutine", r"goroutine \d+ main\.makeDeadlines")),
    # A finalizer holds what its object refers to only when nothing else does.
    (r"(held|weak\.held|pinned)(\.referent)?$", ("global", r"main\.kept$")),
    # In data or bss, but without a name of its own: the variable's that leads there.
    (r"static\.pointer", ("global", r"main\.byPointer$")),
    (r"static\.nested", ("global", r"main\.byPointer\.more$")),
    (r"static\.interface", ("global", r"main\.byInterface$")),
    (r"static\.element", ("global", r"main\.bySlice\[1\]\.more$")),
    (r"static\.unknown", ("global", r"main\.byUnknown$")),
    (r"static\.slice", ("global", r"main\.bySlice$")),
    (r"\w+\.cleanup\.held\.argument", ("special", CLEANUP + r" of main\.mark$")),
    (r"\w+\.cleanup\.held", ("global", r"main\.kept$")),
    (r"unique\.held", ("global", r"main\.canonical$")),
    (r"(weak|unique)\.(lost|forgotten|inside)", DEAD),
    (r"handle(\.referent)?$", ("global", r"runtime/cgo\.handles$")),
    # A finalizer that refers to its object, or an object that does, never runs.
    (r"\w+\.(cycle|itself)", ("special", FUNCTION + "$")),
    # Due since before the first reading.
    (rf"due\.{PART}", ("special", FUNCTION + ", due$")),
    (r"due\.closure", ("special", FUNCTION + ", due$")),
    (r"due\.cleanup\.(object|several|flat|stopped|copied$)", DEAD),
    (r"due\.cleanup\.(closure|argument|each)", ("special", CLEANUP + ", due$")),
    # An arena has a finalizer of the runtime's, which refers to its chunks. A freed one may be reused.
    (r"arena\.held", ("global", r"main\.kept$")),
    (r"arena\.", ANYBODY),
    (r"due\.cleanup\.copied\.", ("special", CLEANUP + "(, due| of .*)?$")),
    (r"due\.cleanup\.finalizer(\.referent)?$", ("special", FUNCTION + ", due$")),
    (r"set\.cleanup\.(object|several|flat|stopped|copied$)", DEAD),
)
BEFORE = ALWAYS + (
    (rf"set\.{PART}$", DEAD),
    (rf"set\.({PART}\.referent|closure)", ("special", FUNCTION + "$")),
    (r"set\.cleanup\.finalizer$", DEAD),
    (r"set\.cleanup\.finalizer\.referent", ("special", FUNCTION + "$")),
    (r"\w+\.cleanup\.", ("special", CLEANUP + r"( of [\w. ]+)?$")),
    (r"weak\.finalizer$", DEAD),
    (r"weak\.finalizer\.referent", ("special", FUNCTION + "$")),
    (r"pinned\.lost", ("special", r"finalizer runtime\.\(\*Pinner\)\.Pin\.func1 of runtime\.pinner$")),
    (r"victim", ("global", r"main\.victims$")),
    (r"local\.new", ("global", r"main\.unlike$")),
    (r"local", ("global", r"main\.locals$")),
    (r"dropped\.victim", ("runtime", r"sync\.oldPools$")),
    (r"dropped\.local", ("runtime", r"sync\.allPools$")),
)
AFTER = ALWAYS + (
    (rf"set\.({PART}|closure)", ("special", FUNCTION + ", due$")),
    (r"set\.cleanup\.finalizer(\.referent)?$", ("special", FUNCTION + ", due$")),
    # A cleanup of an object whose finalizer is still due waits for that.
    (r"\w+\.cleanup\.finalizer\.argument", ("special", CLEANUP + r" of main\.mark$")),
    (r"\w+\.cleanup\.", ("special", CLEANUP + r"(, due| of tiny block)?$")),
    (r"weak\.finalizer", ("special", FUNCTION + ", due$")),
    (r"pinned\.lost", ("special", r"finalizer runtime\.\(\*Pinner\)\.Pin\.func1 of runtime\.pinner, due$")),
    (r"(dropped\.)?victim", DEAD),
    (r"local\.new", ("global", r"main\.unlike$")),
    (r"local", ("global", r"main\.locals$")),
    (r"dropped\.local", ("runtime", r"sync\.oldPools$")),
)

Row = collections.namedtuple("Row", "id addr size live type kind name")


class Snapshot:
    """What goretain says at one moment, with the marks that were there then."""

    def __init__(self, path):
        self.path = path
        rows = sql(
            path,
            "select o.id, o.addr, o.size, o.live, o.type, h.kind, h.name from objects o "
            "left join holders h on h.id = o.holder",
        )
        self.rows = {row[1]: Row(*row) for row in rows}
        self.addr = {row[0]: row[1] for row in rows}
        self.locals = {row[0] for row in rows if row[4] == "[...]sync.poolLocal"}
        self.live = {a for a, row in self.rows.items() if row.live}
        self.edges = collections.defaultdict(list)
        for src, dst, strength, label in sql(path, "select src, dst, strength, label from edges"):
            self.edges[src].append((dst, strength, str(label)))
        self.roots = sql(path, "select kind, strength, dst, name from roots")

    def reach(self, follows_root, follows_edge):
        """Addresses of the objects that those roots and edges lead to."""
        seen = {
            dst
            for _, strength, dst, name in self.roots
            if strength != "weak" and follows_root(name, dst)
        }
        work = list(seen)
        while work:
            for dst, strength, label in self.edges[work.pop()]:
                if dst not in seen and strength != "weak" and follows_edge(strength, label, dst):
                    seen.add(dst)
                    work.append(dst)
        return {self.addr[i] for i in seen}

    def named(self, *kinds):
        """Objects that a weak root of these kinds is about."""
        return {self.addr[dst] for kind, strength, dst, _ in self.roots if strength == "weak" and kind in kinds}

    def pooled(self):
        """Live objects that only edges of strength pool lead to."""
        return self.live - self.reach(lambda name, dst: True, lambda strength, label, dst: strength != "pool")

    def victims(self):
        """Live objects that only pools' victims lead to: they die in the next collection."""
        return self.live - self.reach(
            lambda name, dst: not name.endswith(".victim") and not name.startswith("sync.oldPools"),
            lambda strength, label, dst: not label.endswith(".victim"),
        )

    def stopped(self):
        """Live objects that only stopped timers lead to: they die when the runtime clears those away."""
        timers = {dst for *_, dst, name in self.roots if name.endswith("(stopped)")}
        return self.live - self.reach(
            lambda name, dst: dst not in timers, lambda strength, label, dst: dst not in timers
        )

    def pools(self):
        """Live objects that only the pools' arrays, or sync's lists of pools, lead to. That takes no
        names of variables."""
        return self.live - self.reach(
            lambda name, dst: dst not in self.locals and not name.endswith(" in sync"),
            lambda strength, label, dst: dst not in self.locals,
        )

    def describe(self, addresses):
        counts = collections.Counter(tuple(self.rows[a][2:]) for a in addresses)
        return [f"{len(addresses)} objects"] + [f"{n} x {row}" for row, n in counts.most_common(10)]


class Moment:
    """A snapshot, the marks that were in memory then, and the dump after the next collection."""

    def __init__(self, target, marks, folder, number):
        target.wait_until_quiet()
        path = folder / f"snapshot-{number}"
        run("snapshot", target.pid, "--with-data", "--force", "-o", path)
        self.snapshot = Snapshot(path)
        self.marks = {name_addr for name_addr in marks if holds(target.pid, *name_addr)}
        self.before = contents(target.pid, {row.addr: row.size for row in self.snapshot.rows.values()})
        target.tell()
        target.counters()
        self.heap = Heap(folder / "dump")
        # Nothing points at a tiny block that is being filled: if it is the only object of its page,
        # the reader of the dump cannot tell it from what is none.
        blocks = {self.snapshot.addr[dst] for *_, dst, name in self.snapshot.roots if name.startswith("tiny")}
        self.heap.objects.update({o.addr: o for o in self.heap.raw_objects if o.addr in blocks})
        self.left = set(self.heap.objects)

    def kept(self, addresses):
        """Those of the objects at ADDRESSES, none of which anybody changes, that the collection kept."""
        return {a for a in addresses & self.left if self.heap.objects[a].content == self.before[a]}


def holds(pid, name, addr, serial):
    """Is the object that carries SERIAL still at ADDR? Tiny and foreign ones do not carry it."""
    if "tiny" in name or name.startswith("plain."):
        return True
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(addr)
            return struct.unpack("<QQ", memory.read(16)) == (0x676F726574616966, serial)
    except OSError:
        return False


def start(target):
    """Reads the target's marks until it is ready."""
    marks = []
    while True:
        line = target.line()
        if line == "ready":
            return marks
        _, name, addr, serial = line.split()
        marks.append((name, int(addr), int(serial)))


def exact(moment, minor, with_names, say):
    """Live is what the collection kept, but for what is named."""
    snapshot = moment.snapshot
    say(*moment.heap.adds_up())
    facts = meta(snapshot.path)
    say(
        facts["heap_explained"] == facts["heap_alloc"],
        "the objects are as large as the runtime says",
        [f"{facts['heap_explained']} {facts['heap_alloc']}"],
    )
    dead = set(snapshot.rows) - snapshot.live
    named = snapshot.named("finalizer")
    looked_at = snapshot.named("weak handle") if minor in (23, 24) else set()
    wrong = moment.kept(dead) ^ (dead & named)
    say(
        not wrong - looked_at,
        f"of {len(dead)} objects called dead are left those with a finalizer ({len(dead & named)})",
        snapshot.describe(wrong - looked_at),
    )
    gone = snapshot.live - moment.left
    if with_names:
        victims = snapshot.victims()
        wrong = (gone - victims) | moment.kept(victims)
    else:
        victims, wrong = gone, gone - snapshot.pools()
    wrong -= snapshot.stopped()
    say(
        victims and not wrong,
        f"of {len(snapshot.live)} objects called live are gone the pools' victims ({len(victims)})",
        snapshot.describe(wrong),
    )


def expected(name, table, minor):
    for pattern, holder in table:
        if re.match(pattern, name):
            if holder is BY_VERSION:
                return RUNS if minor > 25 else SEVERAL
            return holder
    return None


def holders(moment, table, minor, with_names, say):
    """Each of the target's objects is held by whom the table says."""
    snapshot, wrong, checked = moment.snapshot, [], 0
    pooled = snapshot.pooled()
    for name, addr, _ in sorted(moment.marks):
        if "tiny" in name or name.startswith("plain."):
            continue
        row = snapshot.rows.get(addr) or snapshot.rows.get(addr - 8)  # behind a malloc header
        want = expected(name, table, minor)
        if want is ANYBODY:
            continue
        checked += 1
        if want is None or (row is None and want is not DEAD):
            wrong.append(f"{name}: {'not an object' if want else 'not in the table'} {row}")
        elif want is DEAD:
            if row and row.live:
                wrong.append(f"{name}: live, held by {row.kind} {row.name}")
        elif not row.live:
            wrong.append(f"{name}: not live")
        elif row.kind != want[0] and not (row.kind and want is SEVERAL and not with_names):
            wrong.append(f"{name}: held by {row.kind} {row.name}, not {want}")
        elif with_names and want[1] and not re.match(want[1], row.name):
            wrong.append(f"{name}: held by {row.name!r}, not {want[1]!r}")
        if row and row.live and ("victim" in name or "local" in name) != (row.addr in pooled):
            wrong.append(f"{name}: over edges of strength pool: {row.addr in pooled}")
    say(checked > 100 and not wrong, f"{checked} objects have the holders that they must have", wrong)


def about(moment, say):
    """Weak roots name what a finalizer, a cleanup or a weak handle is about, with its function."""
    snapshot, wrong = moment.snapshot, []
    words = {"set": "finalizer", "cleanup": "cleanup", "weak": "weak handle"}
    marks = [m for m in moment.marks if re.match(r"set\.(cleanup\.)?(pointer|object|tiny)$|weak\.\w+$", m[0])]
    for name, addr, _ in marks:
        word = words[name.split(".")[1] if ".cleanup." in name else name.split(".")[0]]
        at = addr & ~15 if "tiny" in name else addr
        if at in snapshot.rows and at not in snapshot.named(word) and name != "weak.inside":
            wrong.append(f"{name}: no weak root of kind {word}")
    say(marks and not wrong, f"weak roots name the {len(marks)} objects that specials are about", wrong)


def told(moment, say):
    """`why` says what an object waits for that only a finalizer keeps."""
    said = ""
    for name, addr, _ in moment.marks:
        if name == "set.pointer":
            try:
                run("why", moment.snapshot.path, hex(addr))
            except Failure as failure:
                said = str(failure)
    say(
        re.search(r"freed when its finalizer has run \(finalizer main\.\w+\.func1 of main\.mark\)$", said),
        "why names the finalizer of what is garbage",
        [said],
    )


def timers(moment, minor, say):
    """Each timer is a holder and says what it runs."""
    names = [name for kind, name in sql(moment.snapshot.path, "select kind, name from holders") if kind == "timer"]
    want = [r"timer main\.makeFuncs\.func\d$", r"timer runtime\.goroutineReady$", r"timer runtime\.netpollDeadline$"]
    want += [r"timer time\.sendTime", r"timer context\.WithDeadline"]
    if any(name == "timer.late" and addr in moment.left for name, addr, _ in moment.marks):
        want += [r"timer main\.stopTimer\.func2 \(stopped\)$"]
    want += [r"timer main\.makeBubble\.func1\.1$"] if minor >= 25 else []
    want += [r"timer time\.sendTime \(every 4 d\)$"] if minor < 23 else []
    wrong = [w for w in want if not any(re.match(w, name) for name in names)]
    say(not wrong, f"{len(names)} timers are holders, by the functions that they run", wrong + names)


def check(version, mode, tap, folder):
    name, minor = f"go{version} {mode}", int(version.split(".")[1])
    start_command = command(version, mode, "roots", folder)
    with Target(*start_command(folder / "dump")) as target:
        marks = start(target)
        moments = [Moment(target, marks, folder, i) for i in range(2)]

    for moment, table, when in zip(moments, (BEFORE, AFTER), ("at first", "a collection later")):

        def say(passed, what, details=()):
            tap.check(passed, f"{name}, {when}: {what}", details)

        exact(moment, minor, mode != "stripped", say)
        holders(moment, table, minor, mode != "stripped", say)
        if table is BEFORE:
            about(moment, say)
            if mode != "stripped":
                told(moment, say)
            timers(moment, minor, say)


def of_argument(argument, tap, folder):
    version, _, mode = argument.partition(":")
    check(version, mode or "plain", tap, folder)


def main():
    # As it is by default when a program says that it is of Go 1.23 or later.
    os.environ["GODEBUG"] = "asynctimerchan=0"
    each_argument(of_argument, "1.19", "1.26")


if __name__ == "__main__":
    main()
