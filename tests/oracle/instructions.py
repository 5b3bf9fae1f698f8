"""Holds threads of a program at instructions: jumps to themselves are written over them for a while. So a
test can have a program stopped in the middle of what it does seldom or fast."""

import collections
import ctypes
import os
import pathlib
import random
import re
import subprocess
import time

from goretain import TESTS

HERE = b"\xeb\xfe"  # jump to this instruction, x86-64
RIP = 16  # its index in user_regs_struct
SEIZE, INTERRUPT, GETREGS, DETACH = 0x4206, 0x4207, 12, 17
ALL_THREADS = 0x40000000  # __WALL

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p


def instructions(version, program, functions):
    """{function: addresses} of the instructions that can be held, of functions whose names match."""
    listing = subprocess.run(
        [str(TESTS / "go"), version, "tool", "objdump", "-s", rf"^({functions})(\.abi0)?$", str(program)],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout.decode()
    result, function, before = collections.defaultdict(list), None, None
    for line in listing.splitlines():
        header = re.match(r"TEXT (\S+?)(?:\.abi0)?\(SB\)", line)
        if header:
            function, before = header[1], None
            continue
        row = re.match(r"\s+\S+\s+0x([0-9a-f]+)\s+([0-9a-f]+)\s+(\S+)", line)
        if not row:
            continue
        addr, length, name = int(row[1], 16), len(row[2]) // 2, row[3]
        # One of a single byte only if nothing will jump to what follows.
        if before and name == "RET":
            result[function].append(before)
        before = addr if length == 1 and name != "INT" else None
        if length > 1:
            result[function].append(addr)
    return dict(result)


def _pc(tid):
    """Where a thread is, None if it is gone."""
    if libc.ptrace(SEIZE, tid, None, None):
        return None
    registers = (ctypes.c_ulonglong * 27)()
    libc.ptrace(INTERRUPT, tid, None, None)
    try:
        _, status = os.waitpid(tid, ALL_THREADS)
    except ChildProcessError:
        return None
    known = os.WIFSTOPPED(status) and not libc.ptrace(GETREGS, tid, None, registers)
    # A signal that came first is handed on.
    caught = os.WSTOPSIG(status) if os.WIFSTOPPED(status) and not status >> 16 else 0
    libc.ptrace(DETACH, tid, None, caught)
    return registers[RIP] if known else None


class Held:
    """In the `with` block threads that come to one of PLACES stay there. Gives those where one is."""

    def __init__(self, pid, places):
        self.pid, self.places = pid, set(places)

    def __enter__(self):
        with open(f"/proc/{self.pid}/mem", "rb+", buffering=0) as memory:
            self.before = {place: _exchange(memory, place, HERE) for place in self.places}
        for wait in 0.005, 0.02, 0.05, 0.1, 0.2:
            time.sleep(wait)
            tasks = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
            came = self.places & {_pc(int(task.name)) for task in tasks}
            if came:
                return came
        return set()

    def __exit__(self, *_):
        with open(f"/proc/{self.pid}/mem", "rb+", buffering=0) as memory:
            for place, code in self.before.items():
                _exchange(memory, place, code)


def _exchange(memory, place, code):
    memory.seek(place)
    before = memory.read(len(code))
    memory.seek(place)
    memory.write(code)
    return before


def choose(functions, n):
    """One instruction of each of N functions, chosen at random."""
    return [random.choice(functions[name]) for name in random.sample(sorted(functions), n)]
