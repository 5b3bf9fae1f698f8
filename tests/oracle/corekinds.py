#!/usr/bin/env python3
"""Core files of every kind that there are must give the tables that the live process gave.

    corekinds.py [VERSION:MODE]...    1.19:external and 1.26:external-pie by default; `VERSION` means all of MODES

What a core file leaves out comes from the program's file, and how much that is depends on who wrote it: gdb leaves
out the code of a program that the system's linker linked, and the kernel what coredump_filter says.
One stopped process gives gdb's core files under several filters and with all that gdb can write (gcore -a), and
the kernel's. Made from them: those of older versions of gdb, whose list of mapped files has only what is
dumped, and of writers that have no such list. The program is where it was, named by --exe, or found by its build
id. What cannot be read is refused with a sentence: core files cut anywhere, of another program, or with debug
information in place of the program.
"""

import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys

from cores import compare, every_row, gdb, kernel_core, kernel_writes_files, rows
from goretain import GORETAIN, Target, each_argument, run
from modes import command

MODES = "cgo", "external", "external-pie", "pie", "c-shared", "plugin"
# coredump_filter (core(5)): without first pages of ELF files; with what is mapped from files; anonymous memory alone.
FILTERS = 0x33, 0x23, 0x7F, 0x01
NT_FILE = 0x46494C45


class Core:
    """A core file that is changed: its headers, and its list of mapped files."""

    def __init__(self, path):
        self.bytes = bytearray(path.read_bytes())
        offset, entry, count = struct.unpack_from("<Q14xHH", self.bytes, 32)
        headers = [
            struct.unpack_from("<IIQQQQQQ", self.bytes, offset + entry * i) for i in range(count)
        ]
        self.loads = [(va, va + size) for kind, _, _, va, _, _, size, _ in headers if kind == 1]
        self.notes = [(at, at + size) for kind, _, at, _, _, size, _, _ in headers if kind == 4]

    def file_note(self):
        """Where the note of mapped files begins, and how long what it says is."""
        for at, end in self.notes:
            while at + 12 <= end:
                name, size, kind = struct.unpack_from("<III", self.bytes, at)
                if kind == NT_FILE:
                    return at, size
                at += 12 + (name + 3 & ~3) + (size + 3 & ~3)
        raise AssertionError("a core file without a list of mapped files")

    def without_list(self):
        """As if the writer knew nothing of mapped files: the note is of an unknown kind."""
        at, _ = self.file_note()
        struct.pack_into("<I", self.bytes, at + 8, 0x7FFF)
        return self

    def dumped_only(self):
        """The list has only what is in a segment, as gdb made it before version 12."""
        at, size = self.file_note()
        start = at + 12 + 8
        count, unit = struct.unpack_from("<QQ", self.bytes, start)
        spans = [struct.unpack_from("<QQQ", self.bytes, start + 16 + 24 * i) for i in range(count)]
        names = bytes(self.bytes[start + 16 + 24 * count : start + size]).split(b"\0")
        kept = [
            (span, name)
            for span, name in zip(spans, names)
            if any(lo <= span[0] < hi for lo, hi in self.loads)
        ]
        assert len(kept) < count, "everything is in a segment"
        said = struct.pack("<QQ", len(kept), unit)
        said += b"".join(struct.pack("<QQQ", *span) for span, _ in kept)
        said += b"".join(name + b"\0" for _, name in kept)
        self.bytes[start : start + size] = said.ljust(size, b"\0")
        return self

    def write(self, path):
        path.write_bytes(self.bytes)
        return path


class Kinds:
    """The core files of one process, and its live tables."""

    def __init__(self, tap, name, folder, target, program):
        self.tap, self.name, self.folder = tap, name, folder
        self.target, self.program = target, program
        live = folder / f"{name}.live"
        run("snapshot", target.pid, "--with-data", "-o", live)
        self.query = every_row(live)
        self.live = rows(live, self.query)
        self.pid = target.pid

    def same(self, what, core, *options):
        compare(self.tap, f"{self.name} {what}", rows(core, self.query, *options), self.live)

    def refused(self, what, core, words, *options, env=None):
        done = subprocess.run(
            [GORETAIN, "report", str(core), *map(str, options)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            env={**os.environ, **(env or {})},
        )
        said = done.stderr.decode("utf-8", "replace")
        self.tap.check(
            done.returncode == 5 and words in said and said.count("\n") == 1,
            f"{self.name} {what} is refused",
            [f"status {done.returncode}, said {said}"],
        )

    def set_filter(self, mask):
        pathlib.Path(f"/proc/{self.pid}/coredump_filter").write_text(f"{mask:#x}")

    def gcore(self, *options):
        path = self.folder / f"{self.name}.gcore"
        gdb(self.pid, f"gcore {' '.join(options)} {path}".replace("  ", " "))
        return path

    def gdbs(self):
        """gdb's core files, as they are and changed. Returns the plain one."""
        for mask in FILTERS[1:]:
            self.set_filter(mask)
            self.same(f"gcore, filter {mask:#x}", self.gcore())
        gdb(
            self.pid,
            "set dump-excluded-mappings on",
            "set use-coredump-filter off",
            f"gcore {self.folder / 'all'}",
        )
        self.same("gcore -a", self.folder / "all")
        self.set_filter(FILTERS[0])
        core = self.gcore()
        self.same("gcore", core)
        changed = self.folder / "changed"
        self.same("gcore as before gdb 12", Core(core).dumped_only().write(changed))
        return core

    def kernels(self):
        """The kernel's core file, after which the process is gone."""
        self.set_filter(0x21)
        self.same("kernel, filter 0x21", kernel_core(self.folder, self.target))

    def elsewhere(self, core):
        """The program is not where it was."""
        moved = self.program.with_name("moved")
        shutil.move(self.program, moved)
        try:
            self.refused("gcore without its program", core, "name it with --exe")
            self.same("gcore --exe", core, "--exe", str(moved))
            self.by_build_id(core, moved)
            self.refused("gcore of another program", core, "is not the program", "--exe", GORETAIN)
            debug = self.folder / "debug"
            subprocess.run(["objcopy", "--only-keep-debug", moved, debug], check=True)
            self.refused("debug information", core, "debug information alone", "--exe", debug)
        finally:
            shutil.move(moved, self.program)

    def by_build_id(self, core, moved):
        """As debuginfod's clients keep it."""
        said = subprocess.run(["readelf", "-n", moved], check=True, capture_output=True).stdout
        place = self.folder / "debuginfod_client" / said.split(b"Build ID: ")[1].split()[0].decode()
        place.mkdir(parents=True)
        (place / "executable").symlink_to(moved)
        os.environ["XDG_CACHE_HOME"] = str(self.folder)
        self.same("gcore, program found by its build id", core)
        (place / "executable").unlink()
        (place / "executable").symlink_to(GORETAIN)
        self.refused("another program under its build id", core, "name it with --exe")
        del os.environ["XDG_CACHE_HOME"]

    def without_list(self, core):
        changed = Core(core).without_list().write(self.folder / "changed")
        self.same("gcore without a list of files", changed)
        self.same("gcore without a list of files, --exe", changed, "--exe", str(self.program))

    def cut(self, core):
        whole = core.read_bytes()
        for part in range(1, 8):
            (self.folder / "cut").write_bytes(whole[: len(whole) * part // 8])
            self.refused(f"gcore cut after {part}/8", self.folder / "cut", "cut")


def check(argument, tap, folder):
    version, _, mode = argument.partition(":")
    if not mode:
        for one in MODES:
            check(f"{version}:{one}", tap, folder)
        return
    # Libraries and plugins are made of the large program alone.
    program = "oracle" if mode in ("c-shared", "plugin") else "small"
    start = command(version, mode, program, folder)
    os.chdir(folder)  # where the kernel's core file will be
    os.environ["MALLOC_ARENA_MAX"] = "1"  # gdb writes also what is only reserved
    with Target(*start(folder / "dump")) as target:
        target.expect("ready")
        target.wait_until_quiet()
        target.process.send_signal(signal.SIGSTOP)
        binary = pathlib.Path(os.readlink(f"/proc/{target.pid}/exe"))
        kinds = Kinds(tap, argument, folder, target, binary)
        core = kinds.gdbs()
        if mode.startswith("external"):
            kinds.without_list(core)
            kinds.elsewhere(core)
            kinds.cut(core)
        if kernel_writes_files():
            kinds.kernels()
    os.chdir("/")


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    # The stacks of C threads, all of which gdb writes.
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    each_argument(check, "1.19:external", "1.26:external-pie")
