"""The most memory that a program and its children have at a time."""

import contextlib
import os
import pathlib
import re
import subprocess
import threading

GROUPS = pathlib.Path("/sys/fs/cgroup")


class Sampled(threading.Thread):
    """Looks at a process and its children again and again. They share the image, which counts once."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.01):
            used = [self.of(pid) for pid in self.family()]
            if used:
                self.peak = max(self.peak, sum(a for a, _ in used) + max(s for _, s in used))

    def family(self):
        """The process and what descends from it."""
        found, ask = [], [self.pid]
        while ask:
            pid = ask.pop()
            found.append(pid)
            try:
                ask += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                pass
        return found

    @staticmethod
    def of(pid):
        """Anonymous and shared bytes resident in PID."""
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return 0, 0
        sizes = dict(re.findall(r"^(RssAnon|RssShmem):\s+(\d+) kB", status, re.M))
        return int(sizes.get("RssAnon", 0)) * 1024, int(sizes.get("RssShmem", 0)) * 1024

    def end(self):
        self.ended.set()
        self.join()
        return self.peak


def _group():
    """A new control group that counts memory, and its file with the peak; None if we may make none."""
    for root, file in ((GROUPS / "memory", "memory.max_usage_in_bytes"), (GROUPS, "memory.peak")):
        group = root / f"goretain-peak-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / file).exists():
            return group, group / file
        group.rmdir()
    return None


@contextlib.contextmanager
def _made_group():
    made = _group()
    try:
        yield made
    finally:
        if made:
            with contextlib.suppress(OSError):
                made[0].rmdir()


def run(command, timeout=300):
    """Runs COMMAND and returns its exit status, what it says on standard error, and its peak in bytes: as the
    kernel counts it for a control group, or else as it is seen from outside."""
    with _made_group() as made:
        def enter():
            if made:
                (made[0] / "cgroup.procs").write_text(str(os.getpid()))

        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, preexec_fn=enter)
        sampled = Sampled(process.pid)
        try:
            said = process.communicate(timeout=timeout)[1].decode("utf-8", "replace")
        finally:
            process.kill()
            process.wait()
            peak = sampled.end()
        return process.returncode, said, int(made[1].read_text()) if made else peak
