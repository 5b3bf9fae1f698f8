"""The ways to build a target program: build modes and experiments of the Go toolchain.

A mode is one of MODES or `X:NAMES`, experiments as GOEXPERIMENT has them. What is started is a
command: the program, or a host that opens it, with the arguments that it needs before all others.
"""

import collections
import subprocess

from goretain import TESTS, build

Mode = collections.namedtuple("Mode", "flags cgo", defaults=[(), True])

MODES = {
    "plain": Mode(cgo=False),
    "stripped": Mode(("-trimpath", "-ldflags=-s -w"), cgo=False),
    "debug": Mode(("-gcflags=all=-N -l",), cgo=False),
    "pie": Mode(("-buildmode=pie", "-ldflags=-s -w"), cgo=False),
    "cgo": Mode(),
    "external": Mode(("-ldflags=-linkmode=external -s -w",)),
    "external-pie": Mode(("-buildmode=pie", "-ldflags=-linkmode=external -s -w")),
    "race": Mode(("-race",)),
    "plugin": Mode(("-tags=plugins",)),
    "c-shared": Mode(("-tags=shared", "-buildmode=c-shared")),
}

# Experiments that change what is read of the runtime (probes/go/layout/layout.c), by the minor version.
EXPERIMENTS = {
    22: ("noallocheaders", "noexectracer2"),
    24: ("noswissmap", "nosynchashtriemap", "nospinbitmutex"),
    25: ("noswissmap", "nosynchashtriemap", "greenteagc"),
    26: ("nogreenteagc",),
    27: ("nogreenteagc", "mapsplitgroup"),
}

PART = "oracle/plugin"  # the plugin that the programs open


def modes_of(version):
    """All that there are of a version."""
    return [*MODES, *(f"X:{name}" for name in EXPERIMENTS.get(int(version.split(".")[1]), ()))]


def command(version, mode, program, folder):
    """Builds PROGRAM in FOLDER; returns a function from its arguments to the whole command."""
    name = f"{program}-{version}-{mode.replace(':', '-')}"
    how = MODES[mode] if mode in MODES else Mode(cgo=False)
    options = {"cgo": how.cgo, "experiment": mode[2:] if mode.startswith("X:") else ""}
    binary = build(version, program, folder / name, flags=how.flags, **options)
    if mode == "plugin":
        part = build(
            version, PART, folder / f"{name}.so", flags=("-buildmode=plugin",), **options
        )
        return lambda *arguments: (binary, *arguments, part)
    if mode == "c-shared":
        host = folder / "host"
        source = TESTS / "targets/host/host.c"
        subprocess.run(["gcc", "-O2", "-o", host, source, "-ldl"], check=True)
        return lambda *arguments: (host, *arguments, binary)
    return lambda *arguments: (binary, *arguments)
