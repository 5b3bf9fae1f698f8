"""What the fault tests share: targets, goretain's three processes, and what "unharmed" means.

Programs come from the environment: GORETAIN (the binary under test), HOLD, TARGET, SERVER (made by
tests/faults/run), and SCRATCH, a directory on a memory file system."""
import mmap
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

GORETAIN, HOLD, TARGET, SERVER, SCRATCH = (
    os.environ[name] for name in ("GORETAIN", "HOLD", "TARGET", "SERVER", "SCRATCH"))
DONE, GONE, REFUSED, NO_PROCESS, UNSUPPORTED, OUTPUT = 0, 6, 8, 3, 4, 7  # exit statuses

try:
    os.nice(-20)  # a hold is short: who wants to hit it must not wait for a processor
except PermissionError:
    pass


def be_ordinary():
    """In a child: the priority that everybody has."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)


class Count:
    """Passed and failed checks; the last line a test prints, and its exit status."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, ok, what):
        self.passed += bool(ok)
        self.failed += not ok
        if not ok:
            print("failed:", what, flush=True)
        return ok

    def end(self):
        print(f"{os.path.basename(sys.argv[0])}: {self.passed} passed, {self.failed} failed")
        sys.exit(self.failed > 0)


def wait_for(condition, seconds, pause=0.0005):
    """Whether condition() became true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def spin_until(moment):
    """As time.sleep, to the microsecond."""
    while time.monotonic() < moment:
        pass


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except (OSError, ProcessLookupError):
        return ""


def status(pid, field):
    found = re.search(rf"^{field}:\s*(\S+)", read(f"/proc/{pid}/status"), re.M)
    return found.group(1) if found else ""


def tracer(pid):
    """Who holds PID by ptrace, 0 if nobody."""
    return int(status(pid, "TracerPid") or 0)


def children(pid):
    return [int(p) for p in read(f"/proc/{pid}/task/{pid}/children").split()]


def threads(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


class Target:
    """A process to look at: started, ready, and ended with the `with` block."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, preexec_fn=be_ordinary)
        self.pid = self.process.pid
        self.first_line = self.process.stdout.readline().strip()
        self.blocked = status(self.pid, "SigBlk")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def is_free(self):
        """No thread is traced or stopped."""
        return all(
            re.search(r"^TracerPid:\s*0$", text, re.M) and not re.search(r"^State:\s*[Tt]", text, re.M)
            for text in (read(f"/proc/{self.pid}/task/{tid}/status") for tid in threads(self.pid))
            if text)

    def unharmed(self):
        """It is free, lives, answers within two seconds, and its signals and children are as before."""
        return (wait_for(self.is_free, 2) and self.answers() and not children(self.pid)
                and status(self.pid, "SigBlk") == self.blocked)

    def answers(self):
        return self.process.poll() is None


class Beat(Target):
    """A C program with a heartbeat."""

    def __init__(self, n_threads=8, megabytes=4):
        path = f"{SCRATCH}/beat-{os.getpid()}"
        super().__init__(TARGET, "beat", path, str(n_threads), str(megabytes))
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 16)
        os.unlink(path)

    def beats(self):
        return struct.unpack_from("<Q", self.shared)[0]

    def answers(self):
        before = self.beats()
        return wait_for(lambda: self.beats() > before, 2)


class Server(Target):
    """A Go program with a heartbeat and a port."""

    def __init__(self, megabytes):
        super().__init__(SERVER, str(megabytes))
        self.socket = socket.create_connection(("127.0.0.1", int(self.first_line)), timeout=2)
        self.lines = self.socket.makefile()
        self.longest_gap = 0   # milliseconds that it stood still, by its own clock
        self.longest_hold = 0  # milliseconds that strike() saw it held

    def answers(self):
        try:
            self.socket.sendall(b"gap\n")
            self.longest_gap = max(self.longest_gap, int(self.lines.readline()) / 1000)
            return True
        except (OSError, ValueError):
            return False


class Run:
    """One `goretain snapshot`, and its processes while the target is held."""

    def __init__(self, target, max_pause=1000):
        self.target, self.output = target, f"{SCRATCH}/snapshot"
        self.process = subprocess.Popen(
            [GORETAIN, "snapshot", str(target.pid), "-o", self.output, "--with-data", "--force", "-v",
             "--max-pause", str(max_pause)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=be_ordinary)
        self.broker = self.process.pid
        self.taker = self.reader = 0

    def await_hold(self):
        """Wait until the target is held; False if the run ended without that being seen."""
        while not self.taker and self.process.poll() is None:
            self.taker = tracer(self.target.pid)
            time.sleep(0.0002)
        self.held_at = time.monotonic()
        self.reader = next((p for p in children(self.broker)
                            if p != self.taker and read(f"/proc/{p}/comm") == "goretain\n"), 0)
        return self.taker != 0

    def hit(self, who, number, delay=0):
        """Send a signal to one of the three, DELAY seconds into the hold. Was it still held then?"""
        spin_until(self.held_at + delay)
        pid = {"broker": self.broker, "reader": self.reader, "taker": self.taker}[who]
        held = pid != 0 and tracer(self.target.pid) != 0
        try:
            if pid:
                os.kill(pid, number)
        except ProcessLookupError:
            pass
        return held

    def end(self, told=False, seconds=10):
        """Wake whoever was stopped and wait for the end, which it may be TOLD to come to. Returns what
        was said on standard error."""
        if told and self.process.poll() is None:
            self.process.terminate()
        for pid in (self.broker, self.reader, self.taker):
            try:
                if pid and status(pid, "State") == "T":
                    os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        try:
            said = self.process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            said = self.process.communicate()[1] + "(did not end)"
        # The broker's death ends the other two, but nobody waits for them on our behalf.
        wait_for(lambda: not any(pid and os.path.exists(f"/proc/{pid}") and status(pid, "State") != "Z"
                                 for pid in (self.reader, self.taker)), 2)
        return said

    def left_over(self):
        """What it should not have left: its processes, an incomplete output."""
        leftovers = [name for name in os.listdir(SCRATCH) if name.startswith(".goretain")]
        return leftovers + [pid for pid in (self.reader, self.taker)
                            if pid and os.path.exists(f"/proc/{pid}") and status(pid, "State") != "Z"]

    def pause(self):
        """The pause that a run that ended well reports with -v, in seconds."""
        found = re.search(r"stopped ([\d.]+) ms", self.end())
        return float(found.group(1)) / 1000 if found else 0.0


def strike(count, target, who, number, delay, max_pause=1000):
    """Send a signal to one of goretain's processes, DELAY seconds into the hold of TARGET. Whatever it
    does, the target must be let go, be unharmed, and nothing be left over. Returns whether the target
    was held then: a hold can be over before this process sees it."""
    what = f"{signal.Signals(number).name} to the {who}"
    run = Run(target, max_pause)
    held = run.await_hold() and run.hit(who, number, delay)
    count.check(wait_for(target.is_free, 1), f"{what}: the target is not let go")
    if run.taker:
        target.longest_hold = max(target.longest_hold, (time.monotonic() - run.held_at) * 1000)
    # How it would go on does not matter: the sooner it ends the better.
    said = run.end(told=bool(run.taker))
    count.check(run.taker or run.process.returncode in (DONE, REFUSED), f"{what}: never held: {said}")
    count.check(target.unharmed(), f"{what}: the target is harmed")
    count.check(not run.left_over(), f"{what}: left over: {run.left_over()}")
    return held
