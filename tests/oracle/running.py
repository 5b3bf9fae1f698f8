#!/usr/bin/env python3
"""Goroutines that run: their frames are the calls that they know to be in, and what they hold is held.

    running.py [VERSION[:c]]...    :c: a program with C. STOPS=N in the environment: how many of each
                                   version and kind (15)

Each goroutine of the target (tests/targets/running) has told where it spins and which objects it holds,
alone. At each stop the innermost of its frames may be anything that was called from there; the rest are
those that it told. Each object is live, by that goroutine; and none of its exact roots leads to what it
has no use for any more. Half of the stops are at random moments, in the others a thread is at one of
the instructions where the runtime changes stacks, registers and the lists that lead to them.
"""

import collections
import os
import random
import time

import instructions
from goretain import Failure, GaveUp, Target, build, each_argument, sql

STOPS = int(os.environ.get("STOPS", "15"))

PLACES = "|".join(
    ["main.(pass|passOn|turn|spinMany|dive|deferring|deferring.func.*|panicking|faulting|ranging.*|passNew|middle)"]
    + [
        f"runtime.{name}"
        for name in (
            "morestack newstack copystack shrinkstack adjustframe gogo mcall systemstack "
            "gcWriteBarrier gcWriteBarrier[0-9] wbBufFlush asyncPreempt asyncPreempt2 gopreempt_m "
            "preemptPark sigtramp sigtrampgo sighandler doSigPreempt "
            "mallocgc mallocgcSmallScanNoHeader growslice typedmemmove memmove duffcopy duffzero "
            "deferproc deferprocStack deferreturn gopanic gorecover recovery sigpanic Goexit "
            "[(][*]_panic[)].(start|nextDefer|nextFrame) "
            "entersyscall reentersyscall exitsyscall exitsyscall0 chansend send sendDirect "
            "chanrecv recv recvDirect selectgo goready park_m execute schedule "
            "newproc newproc1 goexit0 goexit1 gdestroy mapassign_fast64 mapassign_faststr nanotime1 "
            "coroswitch coroswitch_m cgocall asmcgocall cgocallback cgocallbackg cgocallbackg1 needm dropm"
        ).split()
    ]
    + ["time.now|reflect.(makeFuncStub|methodValueCall|callReflect|callMethod)"]
)

# Everything of one stop must come from one query.
READING = """
select 'frame', goroutine, level, function from frames where function glob 'main.*'
union all select 'state', id, state, function from goroutines
union all select 'object', addr, id, live from objects where live = 1 and size = 64
union all select 'root', goroutine, dst, known from roots where goroutine is not null
union all select 'edge', src, dst, null from edges join objects o on o.id = src
  where o.live = 1 and strength = 'strong'
"""


class Told:
    """What the target says of itself."""

    def __init__(self, target):
        self.chains, self.owners, self.how, self.shared, self.dropped = {}, {}, {}, set(), set()
        while (line := target.line()) != "ready":
            kind, goroutine, what = line.split(" ", 2)
            if kind == "G":
                self.chains[int(goroutine)] = what.split()
                continue
            addr, how = what.split(" ", 1)
            addr = int(addr)
            self.how[addr] = how
            if kind == "D":
                self.dropped.add(addr)
            else:
                self.owners[addr] = int(goroutine)
                if kind == "B":
                    self.shared.add(addr)


class Stops:
    """The readings of one run and what was wrong with them."""

    def __init__(self, told):
        self.told = told
        self.stops = self.held = self.given_up = self.frames = self.objects = 0
        self.places = ""
        self.states = collections.Counter()
        self.wrong = {}

    def note(self, what, details):
        self.wrong.setdefault(what, []).extend(f"stop {self.stops} {self.places}: {d}" for d in details)

    def name(self, addr):
        told = self.told
        return f"{told.how[addr]} of {told.chains[told.owners[addr]][0]}"

    def stop(self, target):
        time.sleep(random.random() / 50)
        self.read(target)

    def hold(self, target, places):
        """A stop while threads are at some of PLACES, if any comes there."""
        with instructions.Held(target.pid, places) as came:
            if came:
                self.places = " ".join(map(hex, came))
                self.read(target)
                self.held += len(came)
        self.places = ""

    def read(self, target):
        try:
            rows = sql(target.pid, READING, tries=1)
        except GaveUp:
            self.given_up += 1
            return
        self.judge(rows)
        self.stops += 1

    def judge(self, rows):
        told = self.told
        frames, ids, live, states, roots, exact, edges = {}, {}, {}, {}, {}, {}, {}
        for kind, a, b, c in rows:
            if kind == "frame":
                frames.setdefault(a, []).append((b, c))
            elif kind == "state":
                states[a] = b
            elif kind == "object":
                ids[a], live[a] = b, c
            elif kind == "edge":
                edges.setdefault(a, []).append(b)
            else:
                roots.setdefault(a, []).append(b)
                if c == "exact":
                    exact.setdefault(b, []).append(a)
        for goroutine, chain in told.chains.items():
            state = states.get(goroutine)
            self.states[state] += 1
            names = [n for _, n in sorted(frames.get(goroutine, [])) if not n.startswith("main.main.")]
            if names[-len(chain) :] != chain:
                self.note("chain", [f"{state} {names} for {chain}"])
            held = reach(roots.get(goroutine, []), edges)
            for addr, owner in told.owners.items():
                if owner != goroutine:
                    continue
                if live.get(addr) != 1:
                    self.note("lost", [f"{state} {self.name(addr)}: {live.get(addr)} {addr:#x}"])
                elif ids[addr] not in held and addr not in told.shared:
                    self.note("holder", [f"{state} {self.name(addr)} {addr:#x}"])
        for addr in told.dropped:
            holders = exact.get(ids.get(addr), [])
            if holders:
                self.note("dropped", [f"{told.how[addr]} by {holders} {addr:#x}"])
        self.frames += sum(map(len, frames.values()))
        self.objects += len(told.owners)


def reach(todo, edges):
    """The objects that those TODO lead to, and they themselves."""
    todo, seen = list(todo), set(todo)
    while todo:
        for dst in edges.get(todo.pop(), []):
            if dst not in seen:
                seen.add(dst)
                todo.append(dst)
    return seen


def running(version, tap, folder):
    version, _, c = version.partition(":")
    program = build(version, "running", folder / "running", cgo=bool(c))
    functions = instructions.instructions(version, program, PLACES)
    with Target(program) as target:
        run, refused = Stops(Told(target)), []
        try:
            for _ in range(STOPS):
                run.stop(target)
            for _ in range(STOPS):
                run.hold(target, instructions.choose(functions, 12))
        except Failure as failure:
            refused.append(str(failure)[-300:])
    name = f"go{version}{' with C' * bool(c)}: {run.stops} stops"
    states = ", ".join(f"{n} {state}" for state, n in run.states.most_common())
    print(
        f"# {name}, threads at {run.held} chosen instructions: {run.frames} frames, {run.objects} objects; "
        f"goroutines {states}; {run.given_up} given up on a busy machine"
    )
    tap.check(not refused and run.stops > STOPS, f"{name}, none refused", refused)
    for what, meaning in (
        ("chain", "each goroutine's frames end with those that it told"),
        ("lost", "each object that it told of is live"),
        ("holder", "and its goroutine leads to it"),
        ("dropped", "no exact root leads to what it dropped"),
    ):
        wrong = run.wrong.get(what, [])
        tap.check(run.stops and not wrong, f"{name}, {meaning}", [f"{len(wrong)} wrong", *wrong])


if __name__ == "__main__":
    each_argument(running, "1.19", "1.26:c")
