#!/usr/bin/env python3
"""Core files must give the tables that the live process gave.

    cores.py [VERSION]...    Go versions; 1.19 and 1.26 by default

A stopped process of tests/targets/oracle is read live; then gdb's gcore and the kernel write core files
of it, which are read as they are and compressed by zstd. All rows of TABLES must be the same. The kernel
dumps the process as it stands because gdb, which holds it, first gives SIGABRT its default action back, so
that no line of Go runs; where the kernel hands core files to a program (core_pattern), that part is left out. Another
process crashes as Go programs do, with GOTRACEBACK=crash. Then core files that are cut, strange, or of
another program: each has its sentence and status.
"""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter

from compare import DROPPED_BYTES
from goretain import GORETAIN, Failure, Tap, Target, build, run, sql

TABLES = (
    "objects edges types roots holders goroutines frames maps map_entries size_classes".split()
)

# Gives SIGABRT (6) its default action: rt_sigaction(2), number 13, in a thread that waits in the kernel,
# whose registers are restored. That action is all zeros, which stand somewhere: nothing is written. Then
# sends the signal to that thread; no other one runs.
KEPT = "rax rdi rsi rdx r10 rcx r11 orig_rax pc".split()
ABORT = (
    ["set language c", "handle SIGSTOP nostop noprint nopass", "set scheduler-locking on"]
    + ["set $call = {unsigned short}($pc - 2)"]
    + ["printf \"call %x\\n\", $call"]
    + [f"set $kept_{name} = ${name}" for name in KEPT]
    + ["set $rdi = 6", "set $rsi = $zeros", "set $rdx = 0", "set $r10 = 8"]
    + ["set $orig_rax = -1", "set $rax = 13", "set $pc = $pc - 2", "stepi"]
    + ["printf \"result %ld\\n\", $rax"]
    + [f"set ${name} = $kept_{name}" for name in KEPT]
    + ["signal SIGABRT"]
)


def every_row(target):
    """A query for all rows of all tables as text."""
    parts = []
    for table in TABLES:
        columns = run("sql", target, f"select * from {table} limit 1", "--tsv").decode()
        names = columns.split("\n")[0].split("\t")
        if table == "size_classes":
            names.remove("pinned")  # of what was resident, which a core file does not tell
        values = " || '|' || ".join(f'quote("{name}")' for name in names)
        parts.append(f"select '{table} ' || {values} as row from {table}")
    return " union all ".join(parts)


def rows(target, query, *options):
    return Counter(run("sql", target, query, "--tsv", *options).decode().split("\n")[1:-1])


def by_table(counter):
    found = Counter()
    for row, n in counter.items():
        found[row.split(" ")[0]] += n
    return found


def compare(tap, name, ours, theirs):
    """Both ways, and each table must have rows."""
    missing, extra = theirs - ours, ours - theirs
    counts = by_table(theirs)
    empty = [table for table in TABLES if not counts[table]]
    details = [f"no rows in {empty}"] if empty else []
    details += [f"missing {dict(by_table(missing))}, extra {dict(by_table(extra))}"]
    details += [f"missing {row[:300]}" for row in sorted(missing)[:5]]
    details += [f"extra {row[:300]}" for row in sorted(extra)[:5]]
    tap.check(
        not missing and not extra and not empty,
        f"{name}: {sum(theirs.values())} rows of {len(TABLES)} tables as in the live process",
        details,
    )


def gdb(pid, *commands):
    words = [word for command in commands for word in ("-ex", command)]
    # Without a core file of its own: it trips over the end of what it holds now and then.
    done = subprocess.run(
        ["prlimit", "--core=0", "gdb", "-nx", "-batch", "-p", str(pid), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    return done.stdout.decode("utf-8", "replace")


def kernel_writes_files():
    return not pathlib.Path("/proc/sys/kernel/core_pattern").read_text().startswith("|")


def core_of(folder, pid):
    """The core file that the kernel left for PID in FOLDER."""
    found = [p for p in folder.iterdir() if p.name.startswith("core")]
    if len(found) != 1:
        raise Failure(f"the kernel wrote {len(found)} core files for {pid} in {folder}")
    return found[0].rename(folder / f"kernel-{pid}")


def compress(path):
    subprocess.run(["zstd", "-q", "-1", str(path), "-o", f"{path}.zst"], check=True)
    return f"{path}.zst"


def zeros(pid):
    """The address of zeros in the memory of PID."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            lo, _, rest = line.partition("-")
            if rest.split()[1].startswith("rw"):
                memory.seek(int(lo, 16))
                at = memory.read(4096).find(bytes(64))
                if at >= 0:
                    return int(lo, 16) + at
    raise Failure(f"no zeros in {pid}")


def kernel_core(folder, target):
    """The core file of TARGET, which is stopped and is not given the time to run a line of its own."""
    said = gdb(target.pid, f"set $zeros = {zeros(target.pid)}", *ABORT)
    if "call 50f" not in said or "result 0" not in said:
        raise Failure(f"gdb could not change a signal's action: {said[-1000:]}")
    target.process.wait(60)
    return core_of(folder, target.pid)


class Refusals:
    """Core files that must not be read, and what is said of each."""

    def __init__(self, tap, version, folder, core):
        self.tap, self.version, self.folder = tap, version, folder
        self.bytes = core.read_bytes()

    def refused(self, what, status, words, content, *options):
        path = self.folder / "refused"
        path.write_bytes(content)
        done = subprocess.run(
            [GORETAIN, "report", str(path), *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        said = done.stderr.decode("utf-8", "replace")
        self.tap.check(
            done.returncode == status and words in said and said.count("\n") == 1,
            f"{self.version}: {what} is refused",
            [f"status {done.returncode}, said {said}"],
        )
        path.unlink()

    def patched(self, at, *values):
        content = bytearray(self.bytes)
        content[at : at + len(values)] = bytes(values)
        return bytes(content)

    def run(self, program, other):
        whole = self.bytes
        self.refused("a core file cut in its header", 5, "before its header", whole[:40])
        self.refused("one cut in its list of segments", 5, "before its list", whole[:200])
        self.refused("one cut in its memory", 5, "was cut", whole[: len(whole) // 2])
        self.refused("one of arm64", 4, "arm64", self.patched(18, 183, 0))
        self.refused("one of a 32-bit program", 4, "32-bit", self.patched(4, 1))
        self.refused(
            "another program than the one that crashed",
            5,
            "is not the program",
            whole,
            "--exe",
            str(other),
        )
        # The program's name in it leads to a pipe, which nobody must wait for.
        pipe = str(program)[:-1] + "|"
        os.mkfifo(pipe)
        named = whole.replace(os.fsencode(str(program)) + b"\0", os.fsencode(pipe) + b"\0")
        self.refused("one that names a pipe", 5, "name it with --exe", named)
        os.unlink(pipe)


def run_stopped(tap, version, folder, program):
    """The core files of one process and its live tables. Returns a core file."""
    with Target(program) as target:
        target.expect("ready")
        target.wait_until_quiet()
        target.process.send_signal(signal.SIGSTOP)
        live = folder / "live"
        run("snapshot", target.pid, "--with-data", "-o", live)
        query = every_row(live)
        theirs = rows(live, query)
        core = folder / "gcore"
        gdb(target.pid, f"gcore {core}")
        compare(tap, f"{version} gcore", rows(core, query), theirs)
        compare(tap, f"{version} gcore, zstd", rows(compress(core), query), theirs)
        again = folder / "again"
        run("snapshot", core, "--with-data", "-o", again)
        compare(tap, f"{version} a snapshot of the core file", rows(again, query), theirs)
        if not kernel_writes_files():
            print(f"# {version}: no kernel core: core_pattern hands them to a program")
            return core
        core.unlink()
        core = kernel_core(folder, target)
        compare(tap, f"{version} kernel", rows(core, query), theirs)
        compare(tap, f"{version} kernel, zstd", rows(compress(core), query), theirs)
        moved = program.with_name("moved")
        shutil.move(program, moved)
        try:
            compare(tap, f"{version} --exe", rows(core, query, "--exe", str(moved)), theirs)
            Refusals(tap, version, folder, core).refused(
                "a core file without its program", 5, "name it with --exe", core.read_bytes()
            )
        finally:
            shutil.move(moved, program)
        return core


def run_crashed(tap, version, folder, program):
    """A program that crashes prints its stacks first, so only what it kept is known."""
    with Target(program) as target:
        target.expect("ready")
        target.wait_until_quiet()
        objects = sql(target.pid, "select count(*) from objects where live")[0][0]
        target.process.send_signal(signal.SIGABRT)
        target.process.stderr.read()
        target.process.wait(60)
        core = core_of(folder, target.pid)
        meta = dict(sql(core, "select key, value from meta"))
        now = sql(core, "select count(*) from objects where live")[0][0]
        functions = sql(core, "select count(*) from frames where function = 'main.main'")[0][0]
        lost = meta["kept_by_last_gc"] - meta["kept_reached"]
        tap.check(
            0 <= lost <= DROPPED_BYTES and now >= objects * 0.99 and functions,
            f"{version} crashed: {now} live objects, all that was kept is reached, but {lost} bytes",
            [f"{objects} before, {functions} frames of main.main, {meta}"],
        )
        tap.check(
            meta["pid"] == target.pid and meta["exe"] == str(program) and not meta["pause_ns"],
            f"{version} crashed: its process is named",
            [str(meta)],
        )


def run_version(tap, version, folder, other):
    program = build(version, "oracle", folder / "oracle")
    core = run_stopped(tap, version, folder, program)
    Refusals(tap, version, folder, core).run(program, other)
    if kernel_writes_files():
        run_crashed(tap, version, folder, program)


def main():
    tap = Tap()
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    os.environ["GOTRACEBACK"] = "crash"
    for version in sys.argv[1:] or ("1.19", "1.26"):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            os.chdir(folder)
            try:
                run_version(tap, version, folder, "/bin/true")
            except (Failure, subprocess.SubprocessError, OSError) as error:
                tap.check(False, f"{version}: the test could be run", [error])
            os.chdir("/")
    tap.end()


if __name__ == "__main__":
    main()
