#!/usr/bin/env python3
"""What nobody has measured is refused, tried only with --unproven, and called unproven wherever it is shown.

    unproven.py [VERSION]...    versions whose programs pretend to be of Go 1.28

The newest version that goretain knows, under the name of the next one, is laid out as the newest: it is
read, with the same result as under its own name. Programs of older versions are not, and must be refused
by what does not hold, whichever version they are of. A program's version is changed in its build
information, in place."""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from goretain import GORETAIN, TESTS, Failure, Tap, Target, build, run, sql

NEWEST = "1.27"
OTHERS = ["1.18", "1.21", "1.24", "1.26"]
WRONG = pathlib.Path(GORETAIN).parent / "tests/layout-wrong"
# What no invariant shows, as probes/go/find/prove.h says.
UNNOTICED = {
    "moduledata_rodata",
    "special_kind_finalizer",
    "finalizer_fn",
    "inlined_call_size",
    "inlined_call_parent_pc",
}
MAGIC = b"\xff Go buildinf:"


def pretend(program, version):
    """A copy of PROGRAM that says it was built with VERSION; of another length, without settings."""
    data = bytearray(program.read_bytes())
    at = data.index(MAGIC) + 32
    same = data[at] == len(version)
    said = bytes([len(version)]) + version.encode() + (b"" if same else b"\0")
    data[at : at + len(said)] = said
    copy = program.with_name(program.name + "-" + re.sub(r"\W", "_", version))
    copy.write_bytes(data)
    copy.chmod(0o755)
    return copy


def pretend_old(program, version):
    """A copy of PROGRAM whose build information has the form that Go 1.17 gave it: addresses of
    strings in place of strings."""
    data = bytearray(program.read_bytes())
    at = data.index(MAGIC)
    address = loaded_at(data, at)
    data[at + 15] = 0
    struct.pack_into("<QQ", data, at + 16, address + 32, 0)
    struct.pack_into("<QQ", data, at + 32, address + 48, len(version))
    data[at + 48 : at + 48 + len(version)] = version.encode()
    copy = program.with_name(program.name + "-old")
    copy.write_bytes(data)
    copy.chmod(0o755)
    return copy


def loaded_at(elf, offset):
    """The address of a byte of an ELF file that is loaded where it was linked."""
    table, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
    for at in range(table, table + size * count, size):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", elf, at)
        if kind == 1 and start <= offset < start + length:
            return address + offset - start
    raise Failure("the build information is not loaded")


class Running(Target):
    """A program that is at rest."""

    def __init__(self, program):
        super().__init__(program)
        self.expect("ready")
        self.wait_until_quiet()


def refused(target, *options):
    """Exit status and last line of a report."""
    done = subprocess.run(
        [str(GORETAIN), "report", str(target.pid), *options, "--max-pause", "20000"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1], done.stdout


def expect(tap, name, target, sentence, *options):
    """goretain must refuse with status 4 and one sentence."""
    status, said, shown = refused(target, *options)
    good = status == 4 and re.fullmatch("goretain: " + sentence, said) and not shown
    tap.check(good, name, [status, said])


def figures(pid, *options):
    return sql(pid, "select count(*), sum(size), count(distinct type) from objects", *options)


def pretend_newer(tap, folder):
    program = build(NEWEST, "small", folder / "newest")
    with Running(program) as target:
        own = figures(target.pid)[0]
    with Running(pretend(program, "go1.28.0")) as target:
        pid = target.pid
        expect(
            tap,
            "a newer version is refused by name, with the flag",
            target,
            "the program was built with go1.28.0, newer than go1.27, .* --unproven tries to read it .*",
        )
        facts = dict(sql(pid, "select key, value from meta", "--unproven"))
        tap.check(
            facts["unproven"] == "go1.28.0 read as go1.27" and facts["go_version"] == "go1.28.0",
            "the table meta calls it unproven",
            facts.items(),
        )
        theirs = figures(pid, "--unproven")[0]
        near = all(abs(a - b) <= a // 20 for a, b in zip(own, theirs))
        tap.check(near, "it is read as the newest is", [own, theirs])
        for command in (["report"], ["report", "--json"], ["export", "--as", "dot"], ["why"]):
            words = [command[0], pid, *command[1:], "--unproven"]
            words += ["main.list"] if command[0] == "why" else []
            words += ["-o", "-"] if command[0] == "export" else []
            shown = run(*words).decode()
            tap.check("unproven" in shown, f"{' '.join(command)} calls it unproven", [shown[-500:]])
        saved = folder / "snapshot"
        run("snapshot", pid, "--with-data", "--unproven", "-o", saved)
        done = subprocess.run([str(GORETAIN), "report", str(saved)], capture_output=True, text=True)
        tap.check(
            done.returncode == 4 and "--unproven" in done.stderr,
            "its snapshot is refused as it was",
            [done.stderr],
        )
        facts = meta_of(saved)
        tap.check("unproven" in facts and facts["unproven"], "and read with the flag", facts.items())
        wrong_rows(tap, saved)


def wrong_rows(tap, saved):
    """The snapshot read with each row of the table wrong in turn."""
    done = subprocess.run([str(WRONG), str(saved)], capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    unnoticed = {line.split()[0] for line in lines if "nobody notices" in line} - UNNOTICED
    counts = re.fullmatch(r"(\d+) refused, (\d+) the same, \d+ unnoticed", lines[-1] if lines else "")
    tap.check(
        counts and int(counts[1]) > 90 and not unnoticed,
        "each field that matters is missed where it is not at its place",
        [done.stderr, lines[-1:], unnoticed],
    )


def meta_of(target):
    return dict(sql(target, "select key, value from meta", "--unproven"))


def pretend_others(tap, folder, versions):
    for version in versions:
        program = build(version, "small", folder / version)
        said = program.read_bytes()
        at = said.index(MAGIC) + 32
        name = "go1.28.0" if said[at] == 8 else "go1.28.10"
        with Running(pretend(program, name)) as target:
            expect(
                tap,
                f"a program of go{version} that says it is newer is refused by what does not hold",
                target,
                rf"{name}(: the| is not laid out as go1\.27:) .*",
                "--unproven",
            )


OTHER_NAMES = [  # what it says, the refusal, what it is read as with the flag
    ("go1.17.9", "the program was built with go1.17.9: goretain reads go1.18 to go1.27", None),
    ("go1.1 X:a", "the program was built with go1.1 X:a: goretain reads .*", None),
    ("devel +abcdef", r".* devel \+abcdef, a Go version that goretain does not know", None),
    ("go1.9999", "the program was built with go1.9999, newer .*", "refused"),
    ("devel go1.26-abcdef", ".* devel go1.26-abcdef, which is no release.* --unproven .*", "go1.26"),
    ("go1.26-devel_abcdef X:foo", ".* go1.26-devel_abcdef X:foo, which is no release.* --unproven .*", "go1.26"),
    ("go1.26beta1", ".* go1.26beta1, which is no release.* --unproven .*", "go1.26"),
    ("go1.26.8 X:foo", ".* with the experiment foo, which may change .* --unproven .*", "go1.26"),
]


def other_names(tap, folder):
    """The other ways in which a version may be spelt."""
    program = build("1.26", "small", folder / "named")
    with Running(pretend_old(program, "go1.17.13")) as target:
        sentence = "the program was built with go1.17.13: goretain reads go1.18 to go1.27"
        expect(tap, "build information of Go 1.17 is read, and refused by name", target, sentence, "--unproven")
    for name, sentence, read_as in OTHER_NAMES:
        with Running(pretend(program, name)) as target:
            expect(tap, f"{name} is refused", target, sentence)
            if read_as is None:
                expect(tap, f"{name} is refused with the flag too", target, sentence, "--unproven")
            elif read_as != "refused":
                facts = meta_of(target.pid)
                tap.check(facts["unproven"] == f"{name} read as {read_as}", f"{name} is unproven", [facts["unproven"]])
    for_another_machine(tap, folder)


def for_another_machine(tap, folder):
    small = folder / "small32"
    environment = {**os.environ, "GOARCH": "386", "CGO_ENABLED": "0"}
    command = [TESTS / "go", "1.26", "build", "-o", small, "./small"]
    subprocess.run(command, cwd=TESTS / "targets", check=True, env=environment)
    with Running(small) as target:
        sentence = "the program was built for 386: this goretain reads programs for amd64"
        expect(tap, "a program of 32 bits is refused by name", target, sentence)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in (
            lambda: pretend_newer(tap, folder),
            lambda: pretend_others(tap, folder, sys.argv[1:] or OTHERS),
            lambda: other_names(tap, folder),
        ):
            try:
                part()
            except Failure as failure:
                tap.check(False, "unproven", [failure])
    tap.end()


main()
