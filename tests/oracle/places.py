#!/usr/bin/env python3
"""Where a program's file is makes no difference: goretain reads it through the process, not by a path.

    places.py [VERSION]

One program is run from many places: its file deleted, replaced by another version's, renamed with
another in its place, in memory only, on an overlay, under a root where its path means something else
outside, in pid and user namespaces of its own, beside another runtime, in a frozen control group; and
once without its build information. Each time the same must be told of it. What this machine does not
allow is skipped, and said."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from goretain import GORETAIN, Failure, Tap, Target, build, meta, sql

BUILDINFO = b"\xff Go buildinf:"

FIGURES = """select
    (select value from meta where key = 'go_version'), (select value from meta where key = 'pid'),
    (select value from meta where key = 'exe'), (select count(*) from goroutines),
    (select count(*) from holders where name like 'global main.%'),
    (select count(distinct type) from objects), (select count(*) from objects),
    (select heap_explained - heap_alloc from (select
        (select value from meta where key = 'heap_explained') heap_explained,
        (select value from meta where key = 'heap_alloc') heap_alloc))"""

MEMFD = """import os, sys
fd = os.memfd_create("program", 0)
os.write(fd, open(sys.argv[1], "rb").read())
os.execve(fd, ["program"], dict(os.environ))
"""

# A root with nothing in it but the program, under the path that it is given.
BARE_ROOT = """set -e
mount -t tmpfs none "$1"
mkdir -p "$1/old" "$1$2"
rmdir "$1$2"
cp "$3" "$1$2"
cd "$1"
pivot_root . old
exec "$2"
"""

OVERLAY = """set -e
cd "$1"
mkdir -p lower upper work merged
cp "$2" lower/program
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
exec merged/program
"""


# Methods of the class Places.
PLACES = (
    "deleted", "renamed", "in_memory", "overlay", "other_root", "user_namespace", "other_runtime",
    "without_buildinfo", "frozen", "frozen_anew",
)


class Skip(Exception):
    """This machine does not allow it."""


class Placed(Target):
    """A program that some command starts; `pid` is its own, as it is seen from here."""

    def __init__(self, *command):
        super().__init__(*command)
        try:
            self.expect("ready")
        except Failure as failure:
            super().__exit__()
            raise Skip(str(failure)) from None
        # `unshare --fork` waits for the program as its child.
        children = self._children()
        while children:
            self.pid = children[0]
            children = self._children()
        self.wait_until_quiet()

    def _children(self):
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def __exit__(self, *_):
        if self.pid != self.process.pid:
            os.kill(self.pid, 9)
        super().__exit__()


def unshare(folder, flags, path, program):
    """A process with that program at that path of a root of its own, in the namespaces FLAGS."""
    root = folder / "root"
    root.mkdir(exist_ok=True)
    return Placed("unshare", *flags, "sh", "-c", BARE_ROOT, "sh", root, path, program)


def report(what):
    """The command, which may fail: what it said and how it ended."""
    return subprocess.run([str(GORETAIN), "report", str(what)], capture_output=True, text=True, timeout=60)


class Places:
    """The program, the figures of its plain process, and one method a place."""

    def __init__(self, tap, folder, version):
        self.tap, self.folder, self.version = tap, folder, version
        self.another = "1.19" if version != "1.19" else "1.26"
        self.program = build(version, "small", folder / "program")
        self.other = build(self.another, "small", folder / "other")
        with Placed(self.program) as target:
            self.expected = self.figures(target.pid)

    def figures(self, pid):
        version, said, exe, *rest, types, objects, apart = sql(pid, FIGURES)[0]
        if said != pid:
            raise Failure(f"it says that its pid is {said}, not {pid}")
        return {"version": version, "exe": exe, "counts": rest, "types": types, "objects": objects, "apart": apart}

    def same(self, name, target, exe):
        """The target is the program, and lies at a path that ends with EXE."""
        found = self.figures(target.pid)
        good = (
            all(found[key] == self.expected[key] for key in ("version", "counts", "apart"))
            and abs(found["types"] - self.expected["types"]) <= 2
            and abs(found["objects"] - self.expected["objects"]) <= self.expected["objects"] // 10
            and str(found["exe"]).endswith(exe)
        )
        self.tap.check(good, f"{name}: read as it is elsewhere", [found, self.expected])

    def copy(self, name):
        path = self.folder / name
        shutil.copy(self.program, path)
        return path

    def deleted(self):
        path = self.copy("deleted")
        with Placed(path) as target:
            path.unlink()
            self.same("deleted", target, "deleted (deleted)")
            shutil.copy(self.other, path)
            self.same("replaced by another version's", target, "deleted (deleted)")

    def without_buildinfo(self):
        """As some programs are published, so that no scanner finds out what they are made of."""
        with Placed(self.nameless()) as target:
            self.same("without build information", target, "nameless")
        with Placed(self.nameless("-ldflags=-X=main.note=go1.17.3")) as target:
            done = report(target.pid)
            self.tap.check(
                done.returncode == 4 and "with different versions of Go" in done.stderr,
                "without build information, and with another version's name in a variable: refused",
                [done.returncode, done.stderr],
            )

    def nameless(self, *flags):
        """The program built with those flags, its build information's magic taken out."""
        path = build(self.version, "small", self.folder / "nameless", flags=flags)
        code = pathlib.Path(path).read_bytes()
        if code.count(BUILDINFO) != 1:
            raise Failure("the program's build information cannot be told")
        path.write_bytes(code.replace(BUILDINFO, bytes(len(BUILDINFO))))
        return path

    def renamed(self):
        path = self.copy("renamed")
        with Placed(path) as target:
            path.rename(self.folder / "elsewhere")
            shutil.copy(self.other, path)
            self.same("renamed, another in its place", target, "elsewhere")

    def in_memory(self):
        with Placed(sys.executable, "-c", MEMFD, self.program) as target:
            self.same("in memory only", target, "/memfd:program (deleted)")

    def overlay(self):
        with Placed("unshare", "-m", "sh", "-c", OVERLAY, "sh", self.folder, self.program) as target:
            self.same("on an overlay", target, "merged/program")

    def other_root(self):
        outside = self.folder / "service"
        shutil.copy(self.other, outside)
        with unshare(self.folder, ["-m"], str(outside), self.program) as target:
            self.same("in a root where its path is another program's outside", target, "service")
        with unshare(self.folder, ["-mpf", "--mount-proc"], "/nowhere-outside", self.program) as target:
            self.same("in mount and pid namespaces, at a path that is not there outside", target, "/nowhere-outside")
            self.by_name(target)

    def by_name(self, target):
        done = report("nowhere-outside"[:15])
        self.tap.check(
            done.returncode == 0 and f"[{target.pid}]" in done.stdout,
            "it is found by its name, with the pid that it has outside",
            [done.stderr, done.stdout[:200]],
        )

    def user_namespace(self):
        with unshare(self.folder, ["-Umpfr", "--mount-proc"], "/program", self.program) as target:
            self.same("in a user namespace", target, "/program")

    def other_runtime(self):
        """Beside another version's runtime, in a library: it is read as it is alone, and that there is one
        more is said."""
        linked = "-ldflags=-linkmode=external"
        program = build(self.version, "small", self.folder / "linked", flags=(linked,), cgo=True)
        library = build(self.another, "small", self.folder / "libmore.so", flags=("-buildmode=c-shared",), cgo=True)
        with Placed(program) as target:
            self.tap.check(meta(target.pid)["other_runtime"] is None, "no other runtime where there is none")
        with Placed("env", f"LD_PRELOAD={library}", program) as target:
            facts = meta(target.pid)
            self.tap.check(
                re.fullmatch(rf"go{self.another}\S* in libmore.so", str(facts["other_runtime"]))
                and facts["go_version"].startswith(f"go{self.version}")
                and facts["heap_alloc"] == facts["heap_explained"],
                "with another runtime in a library: read, and the other is named",
                [facts],
            )

    def frozen(self):
        with Placed(self.program) as target, Frozen(target.pid, "/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED") as frozen:
            begin = time.monotonic()
            done = report(target.pid)
            said = done.stderr.strip().splitlines()[-1]
            self.tap.check(
                done.returncode == 8 and "cannot be stopped while its control group is frozen" in said and time.monotonic() - begin < 10,
                "frozen by the old freezer: given up, with the reason",
                [done.returncode, said],
            )
            frozen.thaw()
            self.same("and thawed", target, "program")

    def frozen_anew(self):
        for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
            if os.path.exists(f"{mount}/cgroup.controllers"):
                break
        with Placed(self.program) as target, Frozen(target.pid, mount, "cgroup.freeze", "1", "0"):
            self.same("frozen by the new freezer", target, "program")


class Frozen:
    """The process in a frozen control group of its own."""

    def __init__(self, pid, mount, file, freeze, thaw):
        self.mount, self.group = pathlib.Path(mount), pathlib.Path(mount) / f"goretain-{pid}"
        self.pid, self.file, self.words = pid, file, (freeze, thaw)

    def __enter__(self):
        try:
            self.before = self.own_group()
            self.group.mkdir()
            (self.group / "cgroup.procs").write_text(str(self.pid))
            (self.group / self.file).write_text(self.words[0])
        except OSError as error:
            self.__exit__()
            raise Skip(f"no control group can be made: {error}") from None
        return self

    def own_group(self):
        for line in pathlib.Path(f"/proc/{self.pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == ("freezer" if self.mount.name == "freezer" else ""):
                return self.mount / path.lstrip("/")
        raise OSError("no such controller")

    def thaw(self):
        (self.group / self.file).write_text(self.words[1])

    def __exit__(self, *_):
        try:
            self.thaw()
            (self.before / "cgroup.procs").write_text(str(self.pid))
            self.group.rmdir()
        except (OSError, AttributeError):
            pass


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        places = Places(tap, pathlib.Path(name), (sys.argv[1:] or ["1.26"])[0])
        for place in PLACES:
            try:
                getattr(places, place)()
            except Skip as reason:
                print(f"# {place.replace('_', ' ')}: not possible on this machine: {str(reason).strip()[:200]}")
            except Failure as failure:
                tap.check(False, place.replace("_", " "), [failure])
    tap.end()


main()
