"""Any Go main package, built so that it stands still on a signal and then dumps its heap.

What is added to it lies in tests/oracle/overlay, and its first comment says how it works; here is the
build with `go build -overlay`, which leaves the source as it is, and the other side of the signals.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from goretain import TESTS, Failure

ADDED = sorted((TESTS / "oracle/overlay").iterdir())
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
SERVERS = CACHE / "goretain/servers"
SIGNAL = signal.SIGRTMIN + 16


def go(version, *arguments, cwd):
    """Runs the go command of a version; what it prints, as text."""
    done = subprocess.run(
        [TESTS / "go", version, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "CGO_ENABLED": "0"},
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")[-1000:]
        raise Failure(f"go{version} {' '.join(map(str, arguments))}: {said}")
    return done.stdout.decode()


def build(version, folder, package, place, output):
    """Builds a main PACKAGE, as one names it to go in FOLDER, whose files lie in PLACE."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as overlay:
        added = {str(place.resolve() / f"oracle_{f.name}"): str(f) for f in ADDED}
        json.dump({"Replace": added}, overlay)
        overlay.flush()
        options = ["-mod=mod", "-overlay", overlay.name]
        # From 1.23 on the linker asks who may refer to the runtime's own functions.
        if int(version.split(".")[1]) >= 23:
            options.append("-ldflags=-checklinkname=0")
        go(version, "build", *options, "-o", output, package, cwd=folder)


def build_module(version, module, release, package="."):
    """The program that a package (a path in it) of a released module makes. It is kept, and so is its
    source, which tells what a line of a stack is.

    An overlay reaches into no module cache, so a copy is built, as a module's `replace`: then
    what the module itself replaces does not count, as for everybody who installs it."""
    stamp = hashlib.sha256(b"".join(f.read_bytes() for f in ADDED)).hexdigest()[:8]
    folder = SERVERS / "oracle" / f"{module.split('/')[1]}-{release}-go{version}"
    program = folder / f"program-{stamp}"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "go.sum").exists():
        fetch(version, module, release, folder)
    name = module if package == "." else f"{module}/{package}"
    build(version, folder, name, folder / "copy" / package, folder / "new")
    (folder / "new").rename(program)
    return program


def fetch(version, module, release, folder):
    """Makes FOLDER a module that needs a release of another one, which lies in FOLDER/copy."""
    (folder / "go.mod").write_text(f"module example.com/servers\n\ngo {version}\n")
    wanted = f"{module}@{release}"
    go(version, "get", wanted, cwd=folder)
    found = json.loads(go(version, "mod", "download", "-json", wanted, cwd=folder))
    writable_copy(found["Dir"], folder / "copy")
    go(version, "mod", "edit", f"-replace={module}=./copy", cwd=folder)


def writable_copy(source, copy):
    """The module cache is read-only; a copy has to go away again."""
    for folder, _, files in os.walk(source):
        target = copy / os.path.relpath(folder, source)
        target.mkdir(exist_ok=True)
        for name in files:
            shutil.copyfile(os.path.join(folder, name), target / name)


class Still:
    """A running program with the overlay in it; leaving the `with` block ends it.

    freeze() and collect() return when the process has stopped. Then FOLDER has stacks and pools, and
    dump and counters; each further collect() only dumps."""

    def __init__(self, command, folder, **environment):
        self.folder, self.log = folder, folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={
                    **os.environ,
                    **environment,
                    "ORACLE_FOLDER": str(folder),
                    "ORACLE_SIGNAL": str(int(SIGNAL)),
                },
            )
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self._until_stopped(SIGNAL)

    def collect(self):
        self._until_stopped(signal.SIGCONT)

    def _until_stopped(self, number, seconds=60):
        self.process.send_signal(number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid and os.WIFSTOPPED(status):
                return
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                raise Failure(f"the program ended: {self.log.read_text()[-2000:]}")
            time.sleep(0.002)
        raise Failure(f"the program does not stop: {self.log.read_text()[-500:]}")

    def counters(self):
        lines = (self.folder / "counters").read_text().splitlines()
        return {name: int(value) for name, value in map(str.split, lines)}
