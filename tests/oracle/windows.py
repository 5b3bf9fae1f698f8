#!/usr/bin/env python3
"""Stops inside the runtime's functions that change the heap, where structures are half written.

    windows.py [VERSION]...    in the environment: STOPS=N, how many of each function (1)
                               FUNCTIONS=N, of how many, chosen at random (30)
                               ONLY=REGEX, all whose names match, and no others

As stops.py, but the target is not stopped at random: a thread that enters the function is led some
instructions on, which may lie in what it calls, and there the process is stopped (SIGSTOP) and read.
Ends with a table: function, stops, where the last ones stood, what was wrong.
"""

import math
import os
import random
import re
import signal
import sys

from goretain import Failure, Target, build, each_argument, sql
from halt import Code, Halt
from stops import READING, Stops

STOPS = int(os.environ.get("STOPS", "1"))
ONLY = os.environ.get("ONLY")
FUNCTIONS = int(os.environ.get("FUNCTIONS", "30"))
MOST_STEPS = 2500
HANDLERS = 0.1  # share of the stops in which signal handlers are entered

# Names of the runtime's functions from 1.18 to 1.27; not every version has each.
WINDOWS = r"""
runtime\.mallocgc(Tiny|SmallNoscan|SmallScanNoHeader|SmallScanHeader|Large)?
runtime\.mallocgc(TinySize\d+|SmallNoScanSC\d+|SmallScanNoHeaderSC\d+)
runtime\.(\(\*mcache\)\.(refill|nextFree|releaseAll|allocLarge|prepareForSweep)|stackcache(refill|release))
runtime\.\(\*mcentral\)\.(cacheSpan|uncacheSpan|grow|fullUnswept)
runtime\.\(\*mheap\)\.(alloc|allocSpan|initSpan|allocNeedsZero|freeSpan|freeSpanLocked|freeManual|allocManual|reclaim|grow)
runtime\.(\(\*sweepLocked\)\.sweep|\(\*activeSweep\)\.begin|sweepone|bgsweep|deductSweepCredit|\(\*mspan\)\.(ensureSwept|reportZombies))
runtime\.(heapBitsSetType|heapSetType\w*|\(\*mspan\)\.(initHeapBits|init|writeHeapBits\w*|heapBitsSmallForAddr)|heapBits\.initSpan)
runtime\.(gcDrain|gcDrainN|scanobject|scanblock|greyobject|markroot|scanstack|gcmarknewobject|gcAssistAlloc1?|gcFlushBgCredit|wbBufFlush1|spanQueue\w*|scanSpan|tryDeferToSpanScan)
runtime\.(gcStart|gcMarkDone|gcMarkTermination|gcSweep|gcResetMarkState|finishsweep_m|nextMarkBitArenaEpoch|flushmcache|stopTheWorldWithSema|startTheWorldWithSema|procresize)
runtime\.(newMarkBits|newAllocBits|makeslice|growslice|makechan|chansend|chanrecv|newproc1|gfput|gfget|goexit0|gdestroy|casgstatus|execute|park_m)
runtime\.(newstack|copystack|stackalloc|stackfree|shrinkstack|adjustframe)
runtime\.(mapassign|mapassign_fast64(ptr)?|mapassign_faststr|mapdelete\w*|mapclear|hashGrow|growWork|evacuate|evacuate_fast64|growWork_fast64)
internal/runtime/maps\.\(\*(table\)\.(grow|split|rehash|Clear|Delete|PutSlot)|Map\)\.(growToTable|growToSmall|installTableSplit|Clear|Delete|PutSlot|putSlotSmall\w*))
runtime\.(addspecial|removespecial|addfinalizer|SetFinalizer|AddCleanup|freeSpecial|queuefinalizer|runfinq|runFinalizers)
runtime\.(clearpools|poolCleanup|\(\*timers?\)\.(modify|run|adjust|addHeap)|modtimer|runOneTimer)|sync\.(poolCleanup|\(\*Pool\)\.(Put|Get|pinSlow))
runtime\.(\(\*consistentHeapStats\)\.(acquire|release|read|unsafeRead)|readmemstats_m|readMetricsLocked|\(\*pageAlloc\)\.(scavenge\w*|alloc|free|update))
runtime\.(freegc|\(\*mspan\)\.(freeSmall|nextFreeIndex|refillAllocCache)|\(\*mcache\)\.(addReusableNoscan|getReusableNoscan|hasReusableNoscan|nextReusableNoScan)|growsliceNoAlias|freegcNoscan)
runtime\.(asyncPreempt|asyncPreempt2|sighandler|systemstack|mcall|morestack)
"""
PATTERN = re.compile("|".join(f"(?:{line})" for line in WINDOWS.split()))


def windows(code):
    """The functions of the program that are meant."""
    names = [name for name in code.at if PATTERN.fullmatch(name.replace(".abi0", ""))]
    if ONLY:
        return [name for name in names if re.search(ONLY, name)]
    return random.sample(names, min(FUNCTIONS, len(names)))


class Windows(Stops):
    def __init__(self, code):
        super().__init__()
        self.code, self.table, self.never = code, {}, []

    def note(self, what, details):
        details = [f"in {self.place}: {d}" for d in details]
        super().note(what, details)
        self.table[self.function][1].extend(details)

    def window(self, target, function):
        """One stop in FUNCTION; False if no thread came there."""
        steps = int(math.exp(random.uniform(0, math.log(MOST_STEPS))))
        halt = Halt(target.pid, random.random() < HANDLERS)
        pc = halt.at(self.code.at[function], steps)
        if pc is None:
            return False
        self.function, self.place = function, f"{self.code.name(pc)} {steps} on from {function}"
        self.table.setdefault(function, ([], []))[0].append(self.code.name(pc))
        try:
            rows = sql(target.pid, READING)
        finally:
            target.tell()
            os.kill(target.pid, signal.SIGCONT)
        self.compare(target, rows)
        sys.stderr.write(".")
        return True

    def show(self):
        for function, (places, wrong) in self.table.items():
            stood = ", ".join(sorted(set(places))[:4])
            print(f"# {function:45} {len(places):3} stops, {len(wrong)} wrong; stood in {stood}")
        print(f"# never entered: {', '.join(self.never)}")


def look(version, tap, folder):
    program = build(version, "serials", folder / f"serials-{version}")
    code = Code(program)
    run, refused = Windows(code), []
    try:
        with Target(program) as target:
            target.expect("ready")
            for function in windows(code):
                if not all(run.window(target, function) for _ in range(STOPS)):
                    run.never.append(function)
    except Failure as failure:
        refused.append(failure)
    finally:
        run.show()
    run.check(tap, f"go{version}: {run.stops} stops in {len(run.table)} functions", refused)


if __name__ == "__main__":
    each_argument(look, "1.19", "1.26")
