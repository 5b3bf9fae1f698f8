#!/usr/bin/env python3
"""Stops at random moments of a program that changes its heap as fast as it can.

    stops.py [VERSION]...      in the environment: STOPS=N, how many of each version (15)
                               KEEP=FOLDER, for snapshots of what is parked after a stop that was wrong

The target (tests/targets/serials) gives every object a serial number. goretain reads it while it runs;
then it parks its mutators, collects once and is read again. Who was there at the first reading is told by
its number: no larger than the last one given out then. Each of those that the collection kept must be
at the same address in the first reading, and live. The heap must add up to the runtime's own counters
each time, a map that is caught while it grows has each of its keys once, and nothing is refused.
"""

import os
import random
import struct
import threading
import time

from goretain import Failure, GaveUp, Target, build, each_argument, run, sql

STOPS = int(os.environ.get("STOPS", "15"))
KEEP = os.environ.get("KEEP")
MARK = 0x5E71A15C0DE5E71A
HEADER = 8  # in front of some objects lies a word of the runtime's
PAGE = 1 << 13

# Everything of one stop must come from one query.
READING = """
select 'object', addr, live, doubt, size from objects
union all select 'counter', preview, null, null, null from objects where type = 'main.counter'
union all select 'meta', key, value, null, null from meta
union all select 'grower', g.id, g.preview, m.entries, null from objects g join edges e on e.src = g.id
  join maps m on m.object = e.dst where g.type = 'main.grower' and g.live = 1
union all select 'key', m.id, k.key, null, null from maps m join map_entries k on k.map = m.id
  where m.type = 'map[main.growKey]*main.node' and m.live = 1
"""


def first_number(preview):
    """The first field of a struct's preview."""
    return int(preview.strip("{}").split()[0].replace(",", ""))


class Reading:
    def __init__(self, rows):
        self.sizes = {}
        self.live, self.meta, self.growers, self.keys = {}, {}, [], {}
        self.doubts = 0
        for kind, a, b, c, size in rows:
            if kind == "object":
                self.live[a], self.sizes[a] = b, size
                self.doubts += c is not None
            elif kind == "counter":
                self.last = first_number(a)
            elif kind == "meta":
                self.meta[a] = b
            elif kind == "grower":
                self.growers.append((first_number(b), c))
            else:
                self.keys.setdefault(a, []).append(b)

    def wrong_sum(self):
        sums = self.meta["heap_alloc"], self.meta["heap_explained"]
        if sums[0] == sums[1] or self.meta["counting"]:
            return []
        return [f"heap_alloc {sums[0]}, heap_explained {sums[1]}"]

    def wrong_maps(self):
        wrong = [f"{n} keys counted, {m} found" for n, m in self.growers if not n <= m <= n + 1]
        for keys in self.keys.values():
            if sorted(keys) != list(range(len(keys))):
                twice = sorted({k for k in keys if keys.count(k) > 1})
                missing = sorted(set(range(max(keys) + 1)) - set(keys))
                wrong.append(f"of {len(keys)} keys twice {twice[:9]}, missing {missing[:9]}")
        return wrong


def serials(pid, sizes):
    """The serial numbers of those objects that have one, read out of the parked program."""
    pages, result = {}, {}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for addr, size in sorted(sizes.items()):
            page = addr & -PAGE
            if page not in pages:
                memory.seek(page)
                pages = {page: memory.read(PAGE)}
            content = pages[page][addr - page : addr - page + min(size, 24)].ljust(24, b"\0")
            for offset in 0, HEADER:
                mark, number = struct.unpack_from("<QQ", content, offset)
                if mark == MARK:
                    result[addr] = number
    return result


class Stopping:
    """Tells the target to park as soon as it is traced: then it does so right after the stop, while most
    of the objects of that moment are there, and not when goretain has made up its mind. A stop so short
    that it was missed is followed by the same word later."""

    def __init__(self, target):
        self.target, self.told, self.over = target, False, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if not self.told:
            self.target.tell()

    def watch(self):
        with open(f"/proc/{self.target.pid}/status") as status:
            while not self.over.is_set():
                status.seek(0)
                if "TracerPid:\t0\n" not in status.read(500):
                    self.target.tell()
                    self.told = True
                    return


class Stops:
    """The readings of one run and what was wrong with them."""

    def __init__(self):
        self.wrong = {}
        self.given_up = self.stops = self.told = self.judged = self.kept = self.marking = 0
        self.doubts = self.dead = self.counting = 0

    def note(self, what, details):
        self.wrong.setdefault(what, []).extend(f"stop {self.stops}: {d}" for d in details)

    def stop(self, target):
        time.sleep(random.random() / 50)
        with Stopping(target) as stopping:
            try:
                rows = sql(target.pid, READING, tries=1)
            except GaveUp:
                rows = None
        self.told += stopping.told
        self.given_up += not rows
        self.compare(target, rows)

    def compare(self, target, rows):
        """Reads a target that was told to park again, and judges what was read before, if anything."""
        target.expect("parked")
        if rows:
            second = Reading(sql(target.pid, READING))
            wrong = sum(map(len, self.wrong.values()))
            self.judge(Reading(rows), second, serials(target.pid, second.sizes))
            if KEEP and wrong < sum(map(len, self.wrong.values())):
                run("snapshot", target.pid, "--with-data", "-o", f"{KEEP}/stop-{self.stops}-{target.pid}")
        target.tell()
        target.expect("going")

    def judge(self, first, second, numbers):
        old = {addr for addr, number in numbers.items() if number <= first.last}
        self.note("missing", [f"{a:#x} serial {numbers[a]} of {first.last}" for a in old if a not in first.live])
        self.note(
            "called dead",
            [f"{a:#x} serial {numbers[a]} of {first.last}" for a in old if first.live.get(a) == 0],
        )
        self.note(
            "unreached",
            [f"{a:#x} serial {numbers[a]}" for a in numbers if second.live[a] == 0],
        )
        self.note("sums", first.wrong_sum() + second.wrong_sum())
        self.note("maps", first.wrong_maps() + second.wrong_maps())
        self.stops += 1
        self.judged += len(first.live)
        self.dead += sum(live == 0 for live in first.live.values())
        self.kept += len(old)
        self.marking += first.meta["gc_phase"] == "mark"
        self.doubts += first.doubts
        self.counting += first.meta["counting"] is not None

    def check(self, tap, name, refused):
        print(
            f"# {name}, {self.marking} while marking, {self.told} parked at once: {self.judged} objects, "
            f"{self.dead} called dead, {self.doubts} doubtful; {self.kept} of them kept by the next "
            f"collection; {self.counting} caught counting; {self.given_up} stops given up on a busy machine"
        )
        tap.check(not refused, f"{name}, none refused", refused)
        tap.check(self.kept, f"{name}, {self.kept} objects kept by a collection after")
        for what, meaning in (
            ("missing", "each of those was an object"),
            ("called dead", "each of those was called live"),
            ("unreached", "each kept object is reached once all is parked"),
            ("sums", "the heap adds up to the runtime's counters, or who was just counting is named"),
            ("maps", "growing maps have each key once"),
        ):
            wrong = self.wrong.get(what, [])
            tap.check(
                self.stops and not wrong, f"{name}, {meaning}", [f"{len(wrong)} wrong", *wrong]
            )


def stops(version, tap, folder):
    program = build(version, "serials", folder / f"serials-{version}")
    run, refused = Stops(), []
    with Target(program) as target:
        target.expect("ready")
        while not refused and run.stops < STOPS and run.given_up < STOPS:
            try:
                run.stop(target)
            except Failure as failure:
                refused.append(failure)
    if run.stops < STOPS:
        refused.append(f"{run.given_up} given up")
    run.check(tap, f"go{version}: {run.stops} stops", refused)


if __name__ == "__main__":
    each_argument(stops, "1.19", "1.26")
