#!/usr/bin/env python3
"""Goroutines that can never go on are told, and no others.

    stuck.py [VERSION[:MODE]]...    a Go version and a mode of modes.py

The functions of the target (tests/targets/stuck) say by their names which of its goroutines those are. Where
the runtime has a profile of them (1.27), it must name the same, there and in the runtime's own test programs
of that profile, which are run as they lie in the Go of that version, behind another main function. Some of
these still move, and the profile spares a lock in the block where tiny values are just being put: who is stuck
stays so, so that ours must lie between the profile before the snapshot and that after it.
"""

import pathlib
import re
import shutil
import subprocess

from goretain import TESTS, Failure, Target, build, each_argument, sql
from modes import command

# The first word of a function's package, and where that is said to come from.
ORIGINS = """select distinct substr(function, 1, instr(function, '.') - 1) package, origin from frames
    where package in ('main', 'runtime', 'sync') order by 1"""
EXPECTED = [("main", "main module"), ("runtime", "runtime"), ("sync", "standard library")]

MAIN = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

const yieldCount = 10

var sink *byte

var cmds = map[string]func(){}

func register(name string, f func()) { cmds[name] = f }

func registerInit(name string, f func()) {}

func main() {
	for name := range cmds {
		if len(os.Args) < 2 {
			fmt.Println(name)
		}
	}
	if len(os.Args) < 2 {
		return
	}
	go cmds[os.Args[1]]()
	time.Sleep(time.Second / 2)
	runtime.GC()
	fmt.Println("\\nprofile")
	pprof.Lookup("goroutineleak").WriteTo(os.Stdout, 2)
	fmt.Println("\\nready")
	os.Stdin.Read(make([]byte, 1))
	for i := 0; i < 1<<16; i++ {
		sink = new(byte)
	}
	runtime.GC()
	pprof.Lookup("goroutineleak").WriteTo(os.Stdout, 2)
	fmt.Println("\\nready")
}
"""


def leaked(target):
    """Numbers of the goroutines that the last profile names which the target prints before "ready"."""
    found = set()
    while (line := target.line()) != "ready":
        if line == "profile":
            found.clear()
        if match := re.match(r"goroutine (\d+) \[.*\(leaked", line):
            found.add(int(match[1]))
    return found


def check_own(argument, tap, folder):
    version, _, mode = argument.partition(":")
    with Target(*command(version, mode or "plain", "stuck", folder)()) as target:
        profile = leaked(target)
        target.wait_until_quiet()
        rows = sql(target.pid, "select id, function, stuck from goroutines")
        origins = sql(target.pid, ORIGINS)
        suspects = sql(target.pid, "select title, confidence, fix from suspects where rule = 'crowd'")
    kinds = [row for row in rows if row[1].startswith(("main.lost", "main.free"))]
    wrong = [row for row in kinds if row[2] != row[1].startswith("main.lost")]
    tap.check(len(kinds) > 120 and not wrong, f"go{argument}: who can go on, and who cannot", wrong)
    tap.check(origins == EXPECTED, f"go{argument}: where the code of frames comes from", origins)
    check_crowds(argument, tap, suspects)
    others = [row for row in rows if row not in kinds and row[2]]
    tap.check(not others, f"go{argument}: nobody else is stuck", others)
    if version.startswith("1.27"):
        differ = profile ^ {i for i, _, stuck in rows if stuck}
        tap.check(profile and not differ, f"go{argument}: as the runtime's profile says", differ)


def check_crowds(argument, tap, suspects):
    """Of two crowds that wait alike the one that is stuck is named as proven, with its line in the program."""
    source = (TESTS / "targets/stuck/main.go").read_text().splitlines()
    line = next(i for i, text in enumerate(source, 1) if text.endswith("// lost"))
    proven = [row for row in suspects if row[1] == "proven"]
    named = proven and "150 × goroutine main.lostCrowd can never go on" in proven[0][0]
    at = named and f"main.go:{line} in main.lostCrowd" in proven[0][2]
    tap.check(len(proven) == 1 and at, f"go{argument}: a stuck crowd is proven, with its line", suspects)
    free = [row for row in suspects if "main.freeCrowd" in row[0]]
    tap.check([row[1] for row in free] == ["note"], f"go{argument}: one that can go on is a note", suspects)


def runtimes_own(version, folder):
    """The runtime's test programs of its profile, built as one."""
    root = subprocess.run([TESTS / "go", version, "env", "GOROOT"], check=True, capture_output=True, text=True)
    source = pathlib.Path(root.stdout.strip()) / "src/runtime/testdata/testgoroutineleakprofile"
    place = folder / "leaks"
    place.mkdir()
    for path in [*source.glob("*.go"), *source.glob("goker/*.go")]:
        shutil.copyfile(path, place / path.name)
    (place / "main.go").write_text(MAIN)
    (place / "go.mod").write_text(f"module leaks\n\ngo {version}\n")
    return build(version, "", folder / "leaks.bin", folder=place)


def beside_the_runtimes(target):
    """Is a tiny block that stuck goroutines refer to held by a value of the runtime's in it? That tells nobody of
    a lock beside it, but makes the profile spare who waits for that."""
    stuck = "select id from goroutines where stuck = 1"
    query = f"""select count(*) from roots r join roots s on s.dst = r.dst join objects o on o.id = r.dst
        where o.size = 16 and r.strength = 'runtime' and r.kind = 'global' and s.goroutine in ({stuck})"""
    return sql(target.pid, query)[0][0] > 0


def check_runtimes(version, tap, folder):
    binary = runtimes_own(version, folder)
    names = subprocess.run([binary], check=True, capture_output=True, text=True).stdout.split()
    compared = equal = wrong = 0
    for name in sorted(names):
        try:
            with Target(binary, name) as target:
                profile = leaked(target)
                stuck = {i for i, in sql(target.pid, "select id from goroutines where stuck = 1")}
                spared = beside_the_runtimes(target) if stuck - profile else False
                target.tell()
                later = leaked(target)
        except Failure:
            continue  # it has ended itself
        compared += bool(profile)
        equal += profile == stuck
        if not profile <= stuck or not (spared or stuck <= later):
            wrong += 1
            print(f"# {name}: the profile alone {sorted(profile - stuck)}, we alone {sorted(stuck - later)}")
    tap.check(compared > 50 and not wrong, f"go{version}: as the profile in {compared} of the runtime's programs, {equal} at once")


def check(argument, tap, folder):
    if argument.endswith(":runtime"):
        check_runtimes(argument.partition(":")[0], tap, folder)
    else:
        check_own(argument, tap, folder)


if __name__ == "__main__":
    each_argument(check, "1.18", "1.22:stripped", "1.26", "1.27", "1.27:runtime")
