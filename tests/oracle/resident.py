#!/usr/bin/env python3
"""Where the resident set went, held against the kernel's word on each mapping, the runtime's own counters
and what the program knows to have: each part right within 2 % or 1 MB, the sum within 1 %.

    tests/oracle/resident.py VERSION[:KIND]...    kinds of tests/targets/resident, `c` for residentc
    tests/oracle/resident.py PID[@URL]...         a running process; its metrics, as Prometheus has them,
                                                  tell what the runtime says

Prints a table of the parts (MB) against their truths. `-` before a truth: the part may not be more.
"""

import pathlib
import re
import time
import urllib.request

from goretain import Failure, Target, build, each_argument, run, sql

KINDS = "freed pinned deep small grown untouched file mapped shared records c".split()
SHORT = ("1.26:freed", "1.26:small", "1.26:untouched", "1.26:file", "1.26:mapped", "1.26:c", "1.18:c", "1.19:deep")
# Kinds that touched all that they have of a part, so that its counter is no bound but the truth.
TOUCHED = {"free heap": ("freed",), "stacks": ("small",)}


def smaps(pid):
    """Mappings as dictionaries: path, permissions, and the fields in bytes."""
    found = []
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ (\d+) *(.*)", line)
        if head:
            found.append({"mode": head[1], "inode": int(head[2]), "path": head[3]})
        elif line.endswith(" kB"):
            name, value = line.split(":")
            found[-1][name] = int(value.split()[0]) * 1024
    return found


def total(mappings, wanted):
    return sum(m["Rss"] for m in mappings if wanted(m))


def is_shared_memory(path):
    return path.startswith(("/memfd:", "/dev/zero", "/SYSV", "/dev/shm/"))


def kernels(pid):
    """What the kernel knows of the parts; all of it resident. (Which files are programs it does not know.)"""
    mappings = smaps(pid)
    programs = {m["path"] for m in mappings if "x" in m["mode"]}
    file = lambda m: m["inode"] and not is_shared_memory(m["path"])
    data = lambda m: file(m) and m["path"] in programs and "w" in m["mode"]
    return {
        "rss": total(mappings, lambda m: True),
        "mapped files": total(mappings, lambda m: file(m) and not data(m)),
        "[heap]": total(mappings, lambda m: m["path"] == "[heap]"),
    }


def truths(kind, kernel, counters):
    """Of each part (least, most); most None: no less than least."""
    m, own = counters["runtime"], counters["own"]
    free = m["HeapIdle"] - m["HeapReleased"] + m["HeapInuse"] - m["HeapAlloc"]
    exact = {
        "mapped files": kernel["mapped files"],
        "allocated": m["HeapAlloc"],
        "given back": m["HeapReleased"],
        "C heap": own.get("C heap", kernel["[heap]"]),
        "other memory": own.get("other memory", 0),
        "thread stacks": own.get("thread stacks", 0),
    }
    most = {
        "live heap": m["HeapAlloc"],
        "free heap": free,
        "stacks": m["StackInuse"],
        "runtime": m["Sys"] - m["HeapSys"] - m["StackSys"],
    }
    bounds = {part: (value, value) for part, value in exact.items()}
    for part, value in most.items():
        bounds[part] = (value if kind in TOUCHED.get(part, ()) else 0, value)
    if kind == "untouched":
        bounds["live heap"] = (0, 8 << 20)
    return bounds


def holds(value, bounds):
    least, most = bounds
    slack = max(most // 50, 1_000_000)
    return least - slack <= value <= most + slack


def parts_of(target):
    """Bytes of the parts, and of what stands beside them."""
    parts = dict(sql(target, "select part, bytes from memory"))
    beside = {detail: 0 for detail in ("given back", "never touched")}
    for detail, size in sql(target, "select detail, sum(bytes) from memory_details where resident = 0 group by 1"):
        beside[detail] = size
    parts["given back"] = beside["given back"]
    parts["allocated"] = parts["live heap"] + parts["garbage"] + beside["never touched"]
    return parts


def adds_up(target):
    """What is wrong with the sums, if anything. One query: of a process each takes a snapshot of its own."""
    rows = sql(target, """select part, bytes,
        (select sum(bytes) from memory_details d where d.part = m.part and resident = 1),
        (select value from meta where key = 'rss'), (select sum(pinned) from size_classes),
        (select bytes from memory_details where detail = 'pinned') from memory m""")
    wrong = [f"{part}: {size}, its details {details}" for part, size, details, *_ in rows
             if size != (details or 0)]
    _, _, _, rss, pinned, listed = rows[0]
    if sum(row[1] for row in rows) != rss:
        wrong.append(f"the parts add up to {sum(row[1] for row in rows)}, not {rss}")
    if pinned != listed:
        wrong.append(f"pinned is {listed}, by size classes {pinned}")
    return wrong


def mb(number):
    return f"{number / 1e6:10.2f}"


def table(name, rss, kernel, parts, bounds):
    """Prints it; returns what does not hold."""
    rows = [("resident", rss, (kernel["rss"], kernel["rss"]), abs(rss - kernel["rss"]) <= kernel["rss"] / 100)]
    rows += [(part, size, bounds.get(part), part not in bounds or holds(size, bounds[part]))
             for part, size in parts.items()]
    for part, size, truth, good in rows:
        said = "" if truth is None else ("- " if truth[0] != truth[1] else "  ") + mb(truth[1])
        print(f"# {name:<16} {part:<14} {mb(size)}  {said:<14}{'' if good else 'WRONG'}")
    return [f"{part}: {size}, right is {truth}" for part, size, truth, good in rows if not good]


def look(pid, folder):
    """A snapshot of PID in a file, what the kernel says at the time, and the resident set."""
    path = folder / f"{pid}.snapshot"
    run("snapshot", pid, "--with-data", "--force", "-o", path)
    return path, kernels(pid), dict(sql(path, "select key, value from meta"))["rss"]


def wait_until_at_rest(pid):
    """Waits until the resident set stays what it is, and returns it: the runtime gives back in small steps."""
    before, same = None, 0
    for _ in range(300):
        now = total(smaps(pid), lambda m: True)
        same = same + 1 if now == before else 0
        if same == 5:
            return now
        before = now
        time.sleep(0.1)
    raise Failure(f"the resident set of {pid} does not come to rest")


def check_kind(version, kind, tap, folder):
    program = ("residentc", True) if kind == "c" else ("resident", False)
    binary = folder / f"{program[0]}-{version}"
    if not binary.exists():
        build(version, program[0], binary, cgo=program[1])
    with Target(binary, kind, folder / "mapped") as target:
        target.expect("ready")
        before = wait_until_at_rest(target.pid)
        path, kernel, rss = look(target.pid, folder)
        target.tell()
        bounds = truths(kind, kernel, target.counters())
        wrong = table(f"go{version} {kind}", rss, kernel, parts_of(path), bounds) + adds_up(path)
        live = sum(size for _, size in sql(target.pid, "select part, bytes from memory"))
    if not holds(kernel["rss"], (before, before)):
        wrong.append(f"reading it changed what is resident from {before} to {kernel['rss']}")
    if abs(live - rss) > rss / 100 + 300_000: # a few pages of files and of the runtime come by reading
        wrong.append(f"read from the process it is {live}, from the file {rss}")
    tap.check(not wrong, f"go{version} {kind}: each part is what it should be", wrong)
    path.unlink()


def metrics(url):
    """MemStats as far as a server's page of metrics has them, and nothing of its own."""
    page = urllib.request.urlopen(url, timeout=10).read().decode()
    found = {}
    for name, value in re.findall(r"^go_memstats_(\w+)_bytes ([0-9.e+]+)$", page, re.M):
        found["".join(word.capitalize() for word in name.split("_"))] = int(float(value))
    return {"runtime": found, "own": {}}


def check_process(pid, url, tap, folder):
    """While it runs on, a truth is what lies between the counters before and after."""
    before = metrics(url) if url else None
    path, kernel, rss = look(pid, folder)
    bounds = {"mapped files": (kernel["mapped files"],) * 2}
    if url:
        ends = [truths("", kernel, counters) for counters in (before, metrics(url))]
        bounds = {part: (min(e[part][0] for e in ends), max(e[part][1] for e in ends)) for part in ends[0]}
        bounds.pop("other memory")
        bounds.pop("thread stacks")
    wrong = table(f"process {pid}", rss, kernel, parts_of(path), bounds) + adds_up(path)
    tap.check(not wrong, f"process {pid}: what the kernel and its runtime say of it", wrong)
    path.unlink()


def check(argument, tap, folder):
    process = re.fullmatch(r"(\d+)(?:@(.*))?", argument)
    if process:
        check_process(int(process[1]), process[2], tap, folder)
        return
    version, _, kind = argument.partition(":")
    for each in [kind] if kind else KINDS:
        check_kind(version, each, tap, folder)


if __name__ == "__main__":
    each_argument(check, *SHORT)
