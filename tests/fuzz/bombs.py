#!/usr/bin/env python3
"""Small files that claim or unpack to much end in one sentence, soon, and in little memory.

    bombs.py SNAPSHOT BUILD    a good snapshot to make some of, and the build folder

Each is read in an address space of 64 GB, for at most 10 s. What it takes is at most 4 times the file + 256 MB.
"""

import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
from goretain import GORETAIN, Tap  # noqa: E402

PAGE, MB, GB, TB = 4096, 1 << 20, 1 << 30, 1 << 40
SECONDS = 10
NT_PRSTATUS, NT_AUXV, NT_FILE = 1, 6, 0x46494C45


def header(phnum, phoff=64, shoff=0, kind=4):
    return b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", kind, 62, 1, 0, phoff, shoff, 0, 64, 56, phnum, 64, bool(shoff), 0
    )


def program_header(kind, flags, offset, address, in_file, in_memory):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, 0, in_file, in_memory, 1)


def note(kind, content):
    return struct.pack("<III", 5, len(content), kind) + b"CORE\0\0\0\0" + content


def file_note(mappings, names):
    content = struct.pack("<QQ", len(mappings), 1)
    content += b"".join(struct.pack("<QQQ", *m) for m in mappings)
    return note(NT_FILE, content + b"".join(n + b"\0" for n in names))


def core(headers, rest=b"", size=None):
    """Program HEADERS made by functions of where REST begins; a hole up to SIZE bytes."""
    at = 64 + 56 * len(headers) + PAGE - 1 & ~(PAGE - 1)
    begin = header(min(len(headers), 0xFFFF)) + b"".join(h(at) for h in headers)
    return begin.ljust(at, b"\0") + rest, size


def load(address, size, into=0, in_file=None, flags=6):
    return lambda at: program_header(
        1, flags, at + into, address, size if in_file is None else in_file, size
    )


def notes(size, into=0):
    return lambda at: program_header(4, 4, at + into, 0, size, 0)


HEAP = 0xC000000000


def cores():
    block = b"A" * MB
    yield "segments-share", core([load(HEAP + i * MB, MB) for i in range(4000)], block)
    yield "segments-share-20000", core([load(HEAP + i * MB, MB) for i in range(20000)], block)
    yield "segments-nest", core([load(HEAP + i * GB, MB - i * PAGE, i * PAGE) for i in range(200)], block)
    threads = note(NT_PRSTATUS, bytes(336)) * 70
    yield "notes-share", core([notes(len(threads))] * 60000 + [load(HEAP, PAGE)], threads + bytes(PAGE))
    vectors = note(NT_AUXV, bytes(16)) * 70
    yield "vectors-share", core([notes(len(vectors))] * 60000 + [load(HEAP, PAGE)], vectors + bytes(PAGE))
    for name, one in ("threads", note(NT_PRSTATUS, bytes(336))), ("notes", struct.pack("<III", 0, 0, 9)):
        many = one * (20 * MB // len(one))
        yield f"many-{name}", core([notes(len(many)), load(HEAP, PAGE, len(many))], many + bytes(PAGE))
    yield "segments-4M", (
        header(0xFFFF, PAGE, 64) + bytes(44) + struct.pack("<I", 1 << 22) + bytes(16),
        PAGE + 56 * (1 << 22) + PAGE,
    )
    n = 200000
    listed = file_note([(0x400000 + i * PAGE, 0x401000 + i * PAGE, 0) for i in range(n)],
                       [b"/%x" % i for i in range(n)])
    yield "files-200000", core([load(HEAP, PAGE), notes(len(listed))], listed)
    one = file_note([(0x400000 + 2 * i * PAGE, 0x401000 + 2 * i * PAGE, i * PAGE) for i in range(n)],
                    [b"/bin/true"] * n)
    yield "one-file-200000", core([load(HEAP, PAGE), notes(len(one))], one)
    long = file_note([(0x400000, 0x401000, 0)], [b"/" + b"x" * (20 * MB)])
    yield "name-of-20-MB", core([load(HEAP, PAGE), notes(len(long))], long)
    yield "hole-of-8-TB", core([load(HEAP + i * TB, TB, i * TB) for i in range(8)], size=8 * TB + MB)
    yield "segments-of-nothing", core([load(HEAP + i * TB, TB, in_file=0) for i in range(62)])
    yield "pages-60000", core([load(HEAP + 2 * i * PAGE, PAGE, i * PAGE) for i in range(60000)],
                              size=61000 * PAGE)
    yield "offset-wraps", core([load(HEAP, MB, (1 << 63) - MB), load(HEAP + TB, MB, -MB % (1 << 63))])
    yield "size-wraps", core([load(HEAP, 1 << 62, in_file=(1 << 64) - 1)])
    for name, flags in ("code", 5), ("data", 6):
        huge = file_note([(0x10000000000, 0x10000000000 + TB, 0)], [b"/bin/true"])
        yield f"program-of-1-TB-{name}", core(
            [notes(len(huge)), load(0x10000000000, TB, PAGE, flags=flags)], huge, size=TB + MB
        )
    many = file_note([(0x10000000000 + i * TB // 64, 0x10000000000 + (i * TB + TB // 2) // 64, 0)
                      for i in range(512)], [b"/bin/true"] * 512)
    yield "program-in-512-parts", core(
        [notes(len(many))] + [load(0x10000000000 + i * TB // 64, TB // 128, (i + 9) * TB // 128, flags=5)
                              for i in range(512)], many, size=5 * TB
    )


def compressed(folder):
    """By the zstd command: TIMES the content of each, one frame behind the other."""
    elf = core([load(HEAP, TB)])[0]
    for name, content, times, options in (
        ("letters", b"A" * GB, 6, ()),
        ("zeros", bytes(GB), 600, ()),
        ("core-then-letters", elf + b"B" * GB, 1, ("--long=27",)),
        ("core-then-zeros", elf + bytes(GB), 200, ()),
        ("window", os.urandom(64) + bytes(MB), 1, ("--ultra", "--long=31")),
        ("empty-frames", b"", 100000, ()),
    ):
        frame = subprocess.run(["zstd", "-q", "-c", *options], input=content, check=True, capture_output=True)
        (folder / f"{name}.zst").write_bytes(frame.stdout * times)
    inner = folder / "letters.zst"
    subprocess.run(["zstd", "-q", inner, "-o", folder / "twice.zst"], check=True)


def make(folder, snapshot, build):
    for name, (content, size) in cores():
        path = folder / f"{name}.core"
        path.write_bytes(content)
        if size:
            os.truncate(path, size)
    compressed(folder)
    subprocess.run([f"{build}/tests/fuzz-bombs", snapshot, folder], check=True)


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (64 * GB, 64 * GB))


def read(path):
    """Status, sentence, seconds, bytes that it took at most."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["timeout", "-s", "KILL", str(SECONDS), GORETAIN, "report", str(path)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, preexec_fn=limits,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return (process.returncode, said.read().decode("utf-8", "replace"),
                time.monotonic() - begin, usage.ru_maxrss * 1024)


def main():
    tap = Tap()
    snapshot, build = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="goretain-bombs-") as name:
        folder = pathlib.Path(name)
        make(folder, snapshot, build)
        for path in sorted(folder.iterdir()):
            status, said, seconds, took = read(path)
            size = path.stat().st_size
            tap.check(
                status in (4, 5, 8) and said.count("\n") == 1 and took <= 4 * size + 256 * MB,
                f"{path.name}, {size >> 10} kB: {seconds:.1f} s, {took >> 20} MB",
                [f"status {status}, said {said}"],
            )
    tap.end()


if __name__ == "__main__":
    main()
