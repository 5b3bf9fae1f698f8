#!/usr/bin/env python3
"""Leaks of real libraries: what the first suspect says of each, and that its twin without the leak has none.

    leaks.py [--half open|held] [--again] [--counts] [NAME]...
    leaks.py --sample

NAME is one of leaks.list, by default each. Each is built once and what was said of it is kept, with goretain's
own build, in ~/.cache/goretain/leaks, so that a long run can go on where it ended; --again forgets that. A leak is
judged right where the first suspect names its holder and cause in title, explanation or fix, and its fix in the fix
(the list's last three columns: regular expressions), and where the twin's suspects are notes at most. --counts prints figures only: what is said of one half
(the names whose SHA-256 is odd: "held") is not to be looked at by who writes rules. --sample is for continuous
integration: what is known to work must go on working (known.list), on a few leaks of small libraries.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

from goretain import GORETAIN, TESTS, Failure, Tap, Target, run  # noqa: E402

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "goretain/leaks"
Leak = collections.namedtuple("Leak", "name rule modules go form report holder cause fix")
JUDGED = "holder", "cause", "fix"
SAID = "title", "explanation", "fix"
SAMPLE = 4  # leaks of one module each: what is known, and then the first names by their hash


def leaks():
    """The leaks of the list, by name."""
    lines = (HERE / "leaks.list").read_text().splitlines()
    rows = (columns(line) for line in lines if line and line[0] != "#")
    return {row[0]: Leak(*row) for row in rows}


def columns(line):
    return [word.strip() for word in line.split(" | ", len(Leak._fields) - 1)]


def digest(name):
    return hashlib.sha256(name.encode()).digest()


def half(name):
    return "held" if digest(name)[-1] & 1 else "open"


def place(leak):
    """Where the leak's programs are kept: a folder for each source and row of the list."""
    key = repr(leak[2:5]).encode() + b"".join(source.read_bytes() for source in sources(leak))
    return CACHE / f"{leak.name}-{hashlib.sha256(key).hexdigest()[:12]}"


def sources(leak):
    return [HERE / leak.name / "main.go", *sorted((HERE / "step").glob("*.go"))]


def built(leak, mode):
    """The leak's program or its twin. The twin's way to do without is no part of the leak's code."""
    folder = place(leak)
    if (folder / mode).exists():
        return folder / mode
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources(leak):
        shutil.copy(source, folder)
    modules = (module.strip().split("@") for module in leak.modules.split(","))
    needs = "".join(f"require {path} {version}\n" for path, version in modules)
    (folder / "go.mod").write_text(f"module example.com/{leak.name}\n\ngo {leak.go}\n\n{needs}")
    flags = ["-ldflags=-s -w"] if leak.form == "stripped" else []
    command = ["nice", TESTS / "go", leak.go, "build", "-p", "1", "-mod=mod", "-tags", mode, *flags]
    command += ["-o", f"{mode}.new", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, "CGO_ENABLED": "0"})
    if done.returncode:
        raise Failure(f"{leak.name} cannot be built: {done.stderr.decode()[-400:]}")
    (folder / f"{mode}.new").rename(folder / mode)
    return folder / mode


def looked_at(program):
    """What the program says that its heap holds, and the suspects, the first one first."""
    with Target(program) as target:
        _, heap, stacks = target.expect("ready").split()
        answer = run("sql", target.pid, "select * from suspects", "--json")
    return {"heap": int(heap), "stacks": int(stacks), "suspects": [json.loads(line) for line in answer.splitlines()]}


def said(leak, again):
    """Both looks of a leak, from what is kept or anew."""
    programs = {mode: built(leak, mode) for mode in ("leak", "twin")}
    with open(GORETAIN, "rb") as file:
        build = hashlib.sha256(file.read()).hexdigest()[:12]
    kept = place(leak) / f"said-{build}.json"
    if again or not kept.exists():
        both = {mode: looked_at(program) for mode, program in programs.items()}
        kept.with_suffix(".new").write_text(json.dumps(both))
        kept.with_suffix(".new").rename(kept)
    return json.loads(kept.read_text())


def judged(leak, both):
    """Which of holder, cause and fix the first suspect lacks."""
    suspects = both["leak"]["suspects"]
    first = {column: suspects[0][column] or "" for column in SAID} if suspects else dict.fromkeys(SAID, "")
    words = {what: " ".join(first.values()) for what in JUDGED} | {"fix": first["fix"]}
    return [what for what in JUDGED if not re.search(getattr(leak, what), words[what], re.I | re.S)]


def accused(both):
    """The twin's suspects that are more than notes."""
    return [s["title"] for s in both["twin"]["suspects"] if s.get("confidence") != "note"]


def grown(both):
    """The bytes that the leak has more than its twin: in the heap, and with stacks."""
    heap = both["leak"]["heap"] - both["twin"]["heap"]
    return heap, heap + both["leak"]["stacks"] - both["twin"]["stacks"]


def foretold(both):
    """Is what the first suspect retains what goes when nothing leaks, within 2 % (with stacks or without)?"""
    retained = both["leak"]["suspects"][0]["retained"]
    return any(abs(retained - size) <= 0.02 * size for size in grown(both))


def story(leak, both):
    """What a person who writes rules wants to see of a leak."""
    heap, whole = grown(both)
    yield f"rule {leak.rule}, {leak.modules}, go{leak.go} {leak.form}, {leak.report}"
    yield f"heap {heap / 1e6:+.1f} MB, with stacks {whole / 1e6:+.1f} MB; {place(leak)}/leak and /twin"
    yield f"must say: holder /{leak.holder}/, cause /{leak.cause}/, fix /{leak.fix}/"
    for suspect in both["leak"]["suspects"][:1]:
        yield from (f"{column}: {suspect[column]}" for column in SAID)


def answer(leak, options):
    try:
        return said(leak, options.again)
    except (Failure, subprocess.TimeoutExpired, json.JSONDecodeError) as failure:
        return failure


def wanted(options):
    every = leaks()
    if options.sample:
        alone = [name for name in every if "," not in every[name].modules]
        return [every[name] for name in sorted(alone, key=lambda name: (name not in known(), digest(name)))[:SAMPLE]]
    chosen = options.names or [name for name in every if options.half in (None, half(name))]
    return [every[name] for name in chosen]


def wide(tap):
    """The list is as wide as it has to be to say anything of leaks in general."""
    every = leaks().values()
    modules = {leak.modules.split("@")[0] for leak in every}
    stripped = sum(leak.form == "stripped" for leak in every)
    tap.check(len(every) >= 40 and len(modules) >= 25, "at least 40 leaks of 25 libraries", [len(every), modules])
    tap.check({leak.rule for leak in every} == set("123456789"), "each rule has leaks")
    tap.check(len({leak.go for leak in every}) >= 6, "at least six versions of Go")
    tap.check(3 * stripped >= len(every), "a third is stripped", [stripped])
    tap.check(known() <= set(leaks()), "what is known is in the list", known() - set(leaks()))


def known():
    """Who is named right today: these must stay so, and none may be worse than it was."""
    lines = (HERE / "known.list").read_text().splitlines()
    return {line for line in lines if line and line[0] != "#"}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--half", choices=("open", "held"))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--sample", action="store_true")
    options = parser.parse_args()
    tap, count = Tap(), collections.Counter()
    wide(tap)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        chosen = wanted(options)
        answers = pool.map(lambda leak: answer(leak, options), chosen)
        for leak, both in zip(chosen, answers):
            report(leak, both, options, tap, count)
    print("# " + ", ".join(f"{what} {n}" for what, n in sorted(count.items())))
    tap.end()


def report(leak, both, options, tap, count):
    """One leak's checks, or with --counts its share in the sums."""
    if isinstance(both, Exception):
        count["not looked at"] += 1
        tap.check(False, "a leak can be looked at" if options.counts else leak.name, [both])
        return
    lacking, false = judged(leak, both), accused(both)
    count[f"{half(leak.name)} right" if not lacking else f"{half(leak.name)} wrong"] += 1
    count[f"{half(leak.name)} right, bytes within 2 %"] += not lacking and foretold(both)
    count[f"{half(leak.name)} silent"] += not both["leak"]["suspects"]
    count[f"{half(leak.name)} twins accused"] += bool(false)
    if options.counts:
        tap.check(True, "a leak was looked at")
        return
    if not options.sample or leak.name in known():
        tap.check(not lacking, f"{leak.name}: named with holder, cause and fix", [f"lacks {lacking}", *story(leak, both)])
    tap.check(not false, f"{leak.name}: its twin is not accused", false)


if __name__ == "__main__":
    main()
