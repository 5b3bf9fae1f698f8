#!/usr/bin/env python3
"""What changed between two snapshots, against what the target says it did.

    change.py [VERSION]...    1.19 and 1.26 by default

The target (tests/targets/growth) lets several places take in a number of bytes at each step, turns a cache over and
empties a map. The comparison must name the places, their bytes and rates, and call nothing else grown.
"""
import json
import subprocess
import time

from goretain import GORETAIN, Target, build, each_argument, run

STEP, BODY = 4_000_000, 4096
TAKEN_IN = -(-STEP // BODY)  # sessions that main.front.sessions takes in at a step


class Growth(Target):
    def step(self, size=STEP):
        """Lets it grow; returns the live bytes that the runtime then counts."""
        self.process.stdin.write(b"%d\n" % size)
        self.process.stdin.flush()
        return int(self.line().split()[1])


def compare(old, new):
    return json.loads(run("diff", old, new, "--json"))


def rows(change, by="path"):
    return [row for row in change["rows"] if row["by"] == by]


def of_program(change):
    """What the program itself has, and how much that grew."""
    return [(row["name"], row["grew"]) for row in rows(change) if row["name"].startswith("main.")]


def named(change, name, by="path"):
    """The row of that name; one that is all zeros if there is none."""
    found = [row for row in rows(change, by) if row["name"] == name]
    return found[0] if found else {"grew": 0, "was": 0, "now": 0, "objects": 0, "count": 0, "count_was": 0}


def near(value, truth, share=0.02):
    return abs(value - truth) <= share * abs(truth)


def check_paths(tap, go, change, grown):
    first = rows(change)[0]
    tap.check(first["name"] == "main.front.sessions" and near(first["grew"], TAKEN_IN * (BODY + 80), 0.05),
              f"{go}: the map that takes in most is named first, with its bytes", rows(change)[:3])
    tap.check(first.get("entries", 0) - first.get("entries_was", 0) == TAKEN_IN,
              f"{go}: with its entries", [first])
    for name in "main.front.store.recent", "main.history":
        row = named(change, name)
        tap.check(near(row["grew"], STEP / 2, 0.07), f"{go}: {name} is named by its path", [row, *rows(change)])
    shards = [row for row in rows(change) if row["name"].startswith("main.front.shards[")]
    tap.check(len(shards) == 1 and shards[0]["count"] == 16 and near(shards[0]["grew"], STEP / 4, 0.07),
              f"{go}: sixteen shards are one row", shards)
    tap.check(abs(named(change, "main.cache")["grew"]) < 100_000 and
              named(change, "main.shrinking")["grew"] < -700_000,
              f"{go}: what turns over does not grow, and what is emptied shrinks", rows(change))
    crowd = named(change, "main.wait", "goroutine")
    tap.check(crowd["count"] - crowd["count_was"] == -(-STEP // 8 // 2048),
              f"{go}: the goroutines that came are counted", [crowd])
    total = sum(row["grew"] for row in rows(change))
    stacks = named(change, "main.wait", "goroutine")["count"] * 2048
    tap.check(abs(total - (change["live"] - change["live_was"])) < 200_000 + stacks,
              f"{go}: the rows add up to what the live heap grew by", [total, change["live"] - change["live_was"]])
    tap.check(near(change["heap"] - change["heap_was"], grown), f"{go}: the heap grew as the runtime says",
              [change["heap"] - change["heap_was"], grown])


def check_rates(tap, go, change, earliest, latest):
    """The time between the two stops lies between what the test knows of it."""
    seconds = change["seconds"]
    rate = rows(change)[0]["per_second"]
    tap.check(earliest <= seconds <= latest and near(rate * seconds, rows(change)[0]["grew"], 0.001),
              f"{go}: the rate is that of the time between the stops", [earliest, seconds, latest, rate])


def check_forms(tap, go, old, new):
    text = run("diff", old, new).decode()
    tap.check("WHERE IT GATHERS" in text and "main.front.sessions" in text and "s…" not in text, f"{go}: the page names the place whole", [text])
    table = [line.split("\t") for line in run("diff", old, new, "--tsv").decode().splitlines()]
    tap.check(table[0][:3] == ["by", "name", "type"] and len({len(line) for line in table}) == 1,
              f"{go}: the table has as many cells in each row", table[:3])


def check_errors(tap, go, old, new, folder):
    def said(*arguments):
        done = subprocess.run([GORETAIN, *map(str, arguments)], capture_output=True, text=True)
        return done.returncode, done.stderr

    status, words = said("diff", new, old)
    tap.check(status == 2 and "older one first" in words, f"{go}: the wrong order is said", [status, words])
    status, words = said("diff", folder / "none", new)
    tap.check(status == 5 and "No such file" in words, f"{go}: so is a file that is not there", [status, words])
    status, words = said("diff", old)
    tap.check(status == 2, f"{go}: and a snapshot that is missing", [status, words])


def check(argument, tap, folder):
    go = f"go{argument}"
    program = build(argument, "growth", folder / "growth")
    old, new, other = folder / "old", folder / "new", folder / "other"
    with Growth(program) as target:
        target.expect("ready")
        live, before = target.step(), time.time()
        run("snapshot", target.pid, "--with-data", "--force", "-o", old)
        after = time.time()
        grown = target.step() - live
        second = time.time()
        change = compare(old, target.pid)
        check_rates(tap, go, change, second - after, time.time() - before)
        check_paths(tap, go, change, grown)
        run("snapshot", target.pid, "--with-data", "--force", "-o", new)
        same = compare(old, new)
        # The runtime's own structures may have changed between the two looks.
        tap.check(of_program(same) == of_program(change),
                  f"{go}: two files say the same as a file and the process", [of_program(same), of_program(change)])
        still = compare(new, target.pid)
        tap.check(still["matched"] == "exact" and not [row for row in of_program(still) if row[1] > 20_000],
                  f"{go}: while nothing happens nothing grows", rows(still))
    check_forms(tap, go, old, new)
    check_errors(tap, go, old, new, folder)
    with Growth(program) as target:
        target.expect("ready")
        for _ in range(3):
            target.step()
        run("snapshot", target.pid, "--with-data", "--force", "-o", other)
    change = compare(old, other)
    tap.check(change["matched"] == "names" and rows(change)[0]["name"].startswith("main.front"),
              f"{go}: another process is compared by names", rows(change)[:3])


if __name__ == "__main__":
    each_argument(check, "1.19", "1.26")
