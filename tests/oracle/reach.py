#!/usr/bin/env python3
"""Nothing lost, nothing kept too much.

    reach.py [VERSION[:MODE]]...    the modes are those of modes.py (default: plain)

A quiet program (tests/targets/garbage) with the collector off holds live objects and garbage of every
kind. goretain says of each whether it is live; then the program collects and dumps what is left. Every
object called live must still be there, every object called dead must be gone. A slot that was freed and
taken again (the runtime may start a thread after it swept) has other bytes in it. Nothing points at a
tiny block that is being filled: if it is the only object of its page, the dump's reader takes it for a
phantom, unless it is told.
"""

import os

from dump import Heap
from goretain import Target, each_argument, run, sql
from modes import command


def describe(target, addresses):
    """Type and holder of a few objects, for who has to find out why."""
    some = ",".join(str(a) for a in sorted(addresses)[:10])
    return (
        [f"{len(addresses)} objects"]
        + [
            f"{addr:#x} {size} B {kind or '?'} holder {holder}"
            for addr, size, kind, holder in sql(
                target,
                "select o.addr, o.size, o.type, h.name from objects o left join holders h on h.id = o.holder "
                f"where o.addr in ({some})",
            )
        ]
        if addresses
        else []
    )


def contents(pid, sizes):
    """The bytes of each object, read out of the quiet program."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        return {addr: os.pread(memory.fileno(), size, addr) for addr, size in sizes.items()}


def reach(version, mode, tap, folder):
    """Returns how many objects were called dead and kept, and how many live and collected."""
    program = command(version, mode, "garbage", folder)
    dump, snapshot = folder / "dump", folder / "snapshot"
    with Target(*program(dump)) as target:
        target.expect("ready")
        target.wait_until_quiet()
        run("snapshot", target.pid, "--with-data", "--force", "-o", snapshot)
        rows = sql(snapshot, "select addr, live, size from objects")
        live = {addr for addr, is_live, _ in rows if is_live == 1}
        dead = contents(target.pid, {addr: size for addr, is_live, size in rows if is_live == 0})
        target.tell()
        target.counters()
    heap = Heap(dump)
    filled = sql(snapshot, "select addr from objects where id in (select dst from roots where name like 'tiny%')")
    heap.objects.update({o.addr: o for o in heap.raw_objects if (o.addr,) in filled})
    left = set(heap.objects)
    taken = {addr for addr in dead.keys() & left if heap.objects[addr].content != dead[addr]}
    kept = dead.keys() & left - taken
    gone = live - left
    came = left - live - dead.keys()
    if taken or came:  # then nothing tells a slot of zeros that was taken, too
        kept = {addr for addr in kept if any(dead[addr])}
    name = f"go{version} {mode}"
    tap.check(
        len(live) + len(dead) == len(rows) > 0,
        f"{name}: each of {len(rows)} objects is live or dead",
    )
    passed, what, details = heap.adds_up()
    tap.check(passed, f"{name}: {what}", details)
    tap.check(
        dead and not kept,
        f"{name}: all {len(dead)} objects called dead are gone",
        describe(snapshot, kept),
    )
    tap.check(
        live and not gone,
        f"{name}: all {len(live)} objects called live are still there",
        describe(snapshot, gone),
    )
    print(
        f"#   {len(came)} objects came with the collection into free slots, "
        f"{len(left & dead.keys() - kept)} into slots of dead ones"
    )
    return len(kept), len(gone)


def of_argument(argument, tap, folder):
    version, _, mode = argument.partition(":")
    reach(version, mode or "plain", tap, folder)


if __name__ == "__main__":
    each_argument(of_argument, "1.19", "1.26")
