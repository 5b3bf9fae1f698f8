"""Stops a process inside a function of its choice, and leaves it stopped (SIGSTOP) for others to read.

A debug register of the processor, set through ptrace, halts the first thread that enters the function;
no code is changed. That thread is then led on, instruction by instruction and also into
what it calls, while the others run; where it has come to, the whole process is stopped.
"""

import bisect
import ctypes
import os
import pathlib
import signal
import subprocess
import time

from goretain import Failure

# <sys/ptrace.h>, <sys/user.h>
SEIZE, INTERRUPT, CONT, SINGLESTEP, DETACH, POKEUSER, PEEKUSER = 0x4206, 0x4207, 7, 9, 17, 6, 3
PEEKDATA, POKEDATA = 2, 5
RIP, RSP = 16 * 8, 19 * 8
DEBUG_0, DEBUG_7 = 848, 848 + 7 * 8
PUSHF, TRAP_FLAG = 0x9C, 0x100
EXECUTE_0 = 1  # DR7: the first register is an address of code
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid, address=0, data=0):
    """False if the thread is gone."""
    if libc.ptrace(request, tid, address, data) != -1:
        return True
    if ctypes.get_errno() == 3:  # ESRCH
        return False
    raise Failure(f"ptrace({request:#x}, {tid}): {os.strerror(ctypes.get_errno())}")


class Code:
    """The functions of a program that is not stripped."""

    def __init__(self, program):
        listed = subprocess.run(
            ["nm", "--defined-only", "-n", str(program)], check=True, stdout=subprocess.PIPE
        ).stdout.decode()
        lines = [line.split(" ", 2) for line in listed.splitlines()]
        code = [(int(at, 16), name) for at, kind, name in lines if kind in "tT"]
        self.starts = [at for at, _ in code]
        self.names = [name for _, name in code]
        self.at = {name: at for at, name in code}

    def name(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return self.names[i] if i >= 0 else "?"


class Halt:
    """Everything about one stop of process PID. Unless WITH_HANDLERS, the signals that the led thread
    gets on its way wait until the process goes on: the runtime interrupts what takes long by them."""

    def __init__(self, pid, with_handlers=False):
        self.pid, self.with_handlers, self.stopped = pid, with_handlers, set()
        self.tids = {int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
        self.signals = {}
        self.waiting = set()

    def _wait(self, seconds):
        """The next report (tid, status) of one of the threads; None if none comes in time."""
        deadline = time.monotonic() + seconds
        while True:
            tid, status = os.waitpid(-1, WALL | os.WNOHANG)
            if tid:
                if not os.WIFSTOPPED(status):
                    self.tids.discard(tid)
                    self.stopped.discard(tid)
                    if tid == self.pid:
                        raise Failure(f"{self.pid} ended ({os.waitstatus_to_exitcode(status)})")
                    continue
                self.stopped.add(tid)
                return tid, status
            if time.monotonic() > deadline:
                return None
            time.sleep(0.00005)

    def _go(self, tid, status, request=CONT):
        """Has it go on, with the signal that it was to get unless that was our own."""
        number = self._signal(status)
        if request == SINGLESTEP and not self.with_handlers and number:
            self.waiting.add((tid, number))
            number = 0
        self.stopped.discard(tid)
        ptrace(request, tid, 0, number)

    @staticmethod
    def _signal(status):
        """The signal that a report says the thread is to get; 0 if it is our own or an event."""
        number = os.WSTOPSIG(status)
        return 0 if status >> 16 or number == signal.SIGTRAP else number

    def _stop_all(self):
        """Has every traced thread stop; signals that it meets are kept for the detach."""
        for tid in self.tids - self.stopped:
            ptrace(INTERRUPT, tid)
        while self.tids - self.stopped:
            report = self._wait(5)
            if not report:
                raise Failure(f"threads of {self.pid} do not stop")
            tid, status = report
            self.signals[tid] = self._signal(status)
            if self._trap_is_pending(tid):
                self._go(tid, status)

    def _trap_is_pending(self, tid):
        """It may have come to the address just when it was stopped; nobody else may get that trap."""
        try:
            status = pathlib.Path(f"/proc/{self.pid}/task/{tid}/status").read_text()
        except OSError:
            return False
        pending = int(status.partition("SigPnd:\t")[2].split()[0], 16)
        return bool(pending & 1 << signal.SIGTRAP - 1)

    def _watch(self, tid, address):
        ptrace(POKEUSER, tid, DEBUG_0, address)
        ptrace(POKEUSER, tid, DEBUG_7, EXECUTE_0 if address else 0)

    def _led(self, steps):
        """Leads the thread that comes first STEPS instructions on; None if none comes."""
        deadline = time.monotonic() + 1
        leader, pushes = None, False
        while leader is None or steps:
            report = self._wait(max(0.0, deadline - time.monotonic()))
            if not report:
                return None
            tid, status = report
            trap = os.WSTOPSIG(status) == signal.SIGTRAP and not status >> 16
            if leader is None and trap:
                leader = tid
                deadline = time.monotonic() + 1
            if tid != leader:
                self._go(tid, status)
                continue
            steps -= trap
            if pushes and trap:
                self._clear_pushed_flag(tid)
            if steps:
                pushes = self._peek(tid, PEEKDATA, self.pc(tid)) & 0xFF == PUSHF
                self._go(tid, status, SINGLESTEP)
        return leader

    @staticmethod
    def _peek(tid, request, address):
        return libc.ptrace(request, tid, address, 0) & 0xFFFFFFFFFFFFFFFF

    def _clear_pushed_flag(self, tid):
        """An instruction that saves the flags saves the one that single steps set as well (asyncPreempt
        in runtime/preempt_amd64.s): restored when nobody steps any more, it would end the program."""
        at = self._peek(tid, PEEKUSER, RSP)
        flags = self._peek(tid, PEEKDATA, at)
        if flags & TRAP_FLAG:
            ptrace(POKEDATA, tid, at, flags & ~TRAP_FLAG)

    def pc(self, tid):
        return self._peek(tid, PEEKUSER, RIP)

    def _release(self, leader):
        """Has the process stopped when all are let go: the leader first, before its next instruction."""
        for tid in self.tids:
            self._watch(tid, 0)
        for tid in [leader, *(self.tids - {leader})] if leader else self.tids:
            ptrace(DETACH, tid, 0, signal.SIGSTOP if tid == leader else self.signals.get(tid, 0))
        for tid, number in self.waiting:
            libc.tgkill(self.pid, tid, number)

    def at(self, address, steps):
        """Stops the process STEPS instructions after a thread has come to ADDRESS; where that thread
        stands then. None if no thread came there in time: then the process goes on."""
        for tid in list(self.tids):
            if not ptrace(SEIZE, tid):
                self.tids.discard(tid)
        self._stop_all()
        for tid in self.tids:
            self._watch(tid, address)
        for tid in list(self.tids):
            self.stopped.discard(tid)
            ptrace(CONT, tid, 0, self.signals.pop(tid, 0))
        leader = self._led(steps)
        self._stop_all()
        pc = self.pc(leader) if leader else None
        self._release(leader)
        if leader:
            self._await_stop()
        return pc

    def _states(self):
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            try:
                yield (task / "stat").read_text().rpartition(")")[2].split()[0]
            except FileNotFoundError:
                pass

    def _await_stop(self):
        begin = time.monotonic()
        while set(self._states()) != {"T"}:
            if time.monotonic() > begin + 30:
                raise Failure(f"{self.pid} did not stop: {sorted(self._states())}")
            if time.monotonic() > begin + 2: # then where it stands now must do
                os.kill(self.pid, signal.SIGSTOP)
            time.sleep(0.0002)
