#!/usr/bin/env python3
"""What is told to others tells no secret: pages with --redact, files of -o, pictures.

    secrets.py [VERSION]...    1.26 by default

The target (tests/targets/secrets) has a secret in every place where one can stand. What is looked for is the
secret in the clear and in hex and base64; where all is shown, it must be found, or the test would find nothing.
"""
import base64
import os

from goretain import Target, build, each_argument, run, sql

SECRET, NUMBER = "qXw9Zk4Jv7", "77007700"
QUERIES = {
    "labels": "select labels from goroutines",
    "objects": "select type, preview from objects where preview is not null limit 20000",
    "edges": "select label from edges",
    "entries": "select key, value from map_entries",
    "suspects": "select * from suspects",
    "others": "select name from holders union all select name from roots "
    "union all select value from meta where key <> 'pid'",
}
PICTURES = (), ("--focus", "main.byName"), ("--focus", "main.byPair"), ("--focus", "main.counts"), ("--focus", "main.synced"), ("--focus", "main.tree"), (
    "--focus", "main.account", "--max-nodes", "200", "--depth", "6")
SUBJECTS = ("main.account", "main.byName", "main.byPair", "main.byAny", "main.counts", "main.synced", "main.tree",
            "main.password", "main.number", "main.box", "main.words", "main.requests")


def secrets():
    """All spellings of the secret, as bytes."""
    plain = SECRET.encode()
    whole = [base64.b64encode(b"." * i + plain)[2 if i else 0:][i:-4] for i in range(3)]
    return [plain, plain.lower(), plain.hex().encode(), NUMBER.encode(), *whole]


def tells(output):
    """The first lines that tell a secret."""
    return [line for line in output.split(b"\n") if any(s in line for s in secrets())][:4]


def pages(target):
    """The commands that print a page, by name."""
    yield "report", ("report", target)
    for what in SUBJECTS:
        yield f"why {what}", ("why", target, what)
    for name, query in QUERIES.items():
        for form in "--tsv", "--json":
            yield f"sql {name} {form}", ("sql", target, query, form)


def into_file(arguments, path):
    """What a command writes to PATH."""
    run(*arguments, "-o", path, "--force")
    return path.read_bytes()


def check(version, tap, folder):
    os.environ["GORETAIN_SECRET"] = f"{SECRET}-environment"
    program = build(version, "secrets", folder / "secrets")
    with Target(program, f"token={SECRET}") as process:
        process.expect("ready")
        process.wait_until_quiet()
        target = folder / "snapshot"
        run("snapshot", process.pid, "-o", target, "--with-data")
    check_labels(version, target, tap)
    shown = {}
    for name, arguments in pages(target):
        shown[name] = tells(run(*arguments))
        leak = tells(run(*arguments, "--redact")) or tells(into_file(arguments, folder / "out"))
        tap.check(not leak, f"go{version} {name}: nothing told", leak)
    for name in "sql labels", "sql objects", "sql edges", "sql entries", "why main":
        found = any(lines for page, lines in shown.items() if page.startswith(name))
        tap.check(found, f"go{version} {name}: all is shown without --redact")
    for options in PICTURES:
        command = "export", target, "--as", "dot", *options
        leak = tells(into_file(command, folder / "out")) or tells(run(*command, "-o", "-"))
        leak = leak or tells(run(*command, "--with-data", "--redact", "-o", "-"))
        tap.check(not leak, f"go{version} picture {' '.join(options)}: nothing told", leak)


def check_labels(version, target, tap):
    """Values are lengths; so are keys but for those that the program's own text has."""
    query = "select distinct labels from goroutines where labels is not null"
    lengths = f"…{len(SECRET) + 4} B=…5 B", f"tenant=…{len(SECRET) + 6} B"
    found = sql(target, query, "--redact")
    tap.check(found == [(", ".join(lengths),)], f"go{version}: labels are lengths", found)


if __name__ == "__main__":
    each_argument(check, "1.26")
