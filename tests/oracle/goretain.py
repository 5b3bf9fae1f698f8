"""What the tests in Python share: the goretain binary, target programs, and counting checks."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
GORETAIN = os.environ.get("GORETAIN", str(TESTS.parent / ".build/release/goretain"))
# How long a stop may last is a promise about a machine that is not busy with other tests.
PATIENCE = ("--max-pause", "5000")

# What goretain says when it let a target go because the machine did not let it have its time.
GAVE_UP = "goretain: gave up: ", "the taker was ended while it read the target"


# Ended from outside, a test still leaves its `with` blocks, which end what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Failure(Exception):
    """Something that the test needs does not work; the rest of it makes no sense."""


class GaveUp(Failure):
    """The target's threads did not stop in the time that goretain gives them: it let them go on. That is
    as it should be on a busy machine, and says nothing about what the tests ask."""


class Tap:
    """Prints one line a check, in the Test Anything Protocol, and remembers the failures."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, passed, name, details=()):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {name}")
        if not passed:
            for line in "\n".join(map(str, list(details)[:12])).splitlines():
                print("#   " + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line))
        sys.stdout.flush()
        return passed

    def end(self):
        """Prints the plan and ends the program."""
        print(f"1..{self.count}")
        sys.exit(1 if self.failed or not self.count else 0)


def each_argument(check, *defaults):
    """A test's main function: calls CHECK(argument, tap, folder) for each argument of the command line,
    or of DEFAULTS: VERSION or VERSION:MODE. One that cannot be looked at is a failed check."""
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix=f"goretain-{pathlib.Path(sys.argv[0]).stem}-") as folder:
        for argument in sys.argv[1:] or defaults:
            try:
                check(argument, tap, pathlib.Path(folder))
            except Failure as failure:
                tap.check(False, f"go{argument} can be read", [failure])
    tap.end()


def run(*arguments, status=0, timeout=300, tries=10):
    """Runs goretain and returns what it prints, as bytes. Any other exit status than STATUS is a
    Failure with what it said. Where it gives a stop up, it is tried again."""
    command = " ".join(["goretain", *map(str, arguments)])
    for left in reversed(range(tries)):
        try:
            done = subprocess.run(
                [GORETAIN, *map(str, arguments), *PATIENCE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{command}: no end after {timeout} s") from None
        if done.returncode == status:
            return done.stdout
        said = done.stderr.decode("utf-8", "replace").strip()
        kind = GaveUp if any(words in said for words in GAVE_UP) else Failure
        if kind is Failure or not left:
            raise kind(f"{command}: exit status {done.returncode}: {said}")


def sql(target, query, *options, **how):
    """Rows of a query as tuples; numbers as int, empty cells as None."""
    lines = run("sql", target, query, "--tsv", *options, **how).decode().split("\n")[1:-1]
    return [tuple(map(_cell, line.split("\t"))) for line in lines]


def _cell(text):
    if text == "":
        return None
    try:
        return int(text)
    except ValueError:
        return text


def meta(target):
    """The table meta as a dictionary."""
    return dict(sql(target, "select key, value from meta"))


def build(
    version, program, output, *, folder=TESTS / "targets", flags=(), cgo=False, experiment=""
):
    """Builds the Go program in FOLDER with the Go of that version."""
    subprocess.run(
        [str(TESTS / "go"), version, "build", *flags, "-o", str(output), f"./{program}"],
        cwd=folder,
        check=True,
        env={**os.environ, "CGO_ENABLED": str(int(cgo)), "TARGET_EXPERIMENT": experiment},
    )
    return output


class Target:
    """A running target program. Leaving the `with` block ends it."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        """The next line that it prints."""
        line = self.process.stdout.readline().decode()
        if not line:
            raise self._ended()
        return line.rstrip("\n")

    def _ended(self):
        """What is known of how it came to its end."""
        said = self.process.stderr.read().decode("utf-8", "replace")
        return Failure(f"{self.process.args[0]} ended ({self.process.wait()}): {said[:2000]}")

    def expect(self, word):
        line = self.line()
        if not line.startswith(word):
            raise Failure(f"{self.process.args[0]} said {line!r} instead of {word!r}")
        return line

    def tell(self):
        try:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def counters(self):
        """The line of counters that it prints after its dump."""
        return json.loads(self.line())

    def wait_until_quiet(self, seconds=20):
        """Waits until no thread has run for 50 ms: the scheduler counts their switches."""
        deadline = time.monotonic() + seconds
        before = self._switches()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = self._switches()
            if now == before:
                return
            before = now
        raise Failure(f"{self.process.args[0]} does not come to rest")

    def _switches(self):
        result = {}
        for status in pathlib.Path(f"/proc/{self.pid}/task").glob("*/status"):
            result[status.parent.name] = [
                line for line in status.read_text().splitlines() if "ctxt_switches" in line
            ]
        return result
