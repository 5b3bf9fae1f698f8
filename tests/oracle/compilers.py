#!/usr/bin/env python3
"""Go programs of other compilers are refused by their compiler's name, and no others are.

    compilers.py [VERSION]    a Go version; 1.26 by default

gccgo is Debian's; TinyGo cannot be had here, so that C programs bear its marks: its symbols, what its debug
information names as the producer, what its runtime says. A program of the Go project's compiler that has all of
these in its text is read, and one that is no Go program has no compiler's name.
"""

import subprocess

from goretain import GORETAIN, TESTS, Target, each_argument, meta

GO = """package main

import "time"

var kept = map[string]string{"a": "panic: runtime error at ", "b": ": caught signal ", "c": "libgo.so gccgo"}

func main() {
	println("ready", len(kept))
	time.Sleep(time.Hour)
}
"""
C = """#include <stdio.h>
#include <unistd.h>
%s
int main(void) { fprintf(stderr, "ready\\n"); pause(); return *said; }
"""
SYMBOL = "int tinygo_startTask(void) { return 1; }"
PRODUCER = "struct TinyGo { int x; } producer;"
SAYS = 'const char said[] = "panic: runtime error at ", more[] = ": caught signal ";'


class Compilers:
    def __init__(self, tap, folder):
        self.tap, self.folder = tap, folder

    def gccgo(self, name, *flags):
        source = self.folder / "main.go"
        source.write_text(GO)
        program = self.folder / name
        subprocess.run(["gccgo-12", *flags, "-o", program, source], check=True)
        return program

    def c(self, name, text, *flags):
        source = self.folder / "main.c"
        source.write_text(C % text)
        program = self.folder / name
        subprocess.run(["gcc", *flags, "-o", program, source], check=True)
        return program

    def refused(self, program, words):
        with Target(program) as target:
            target.process.stderr.readline()
            done = subprocess.run(
                [GORETAIN, "report", str(target.pid)], stdin=subprocess.DEVNULL, capture_output=True
            )
        said = done.stderr.decode("utf-8", "replace")
        self.tap.check(
            done.returncode == 4 and words in said and said.count("\n") == 1,
            f"{program.name}: {words}",
            [done.returncode, said],
        )


def check(version, tap, folder):
    test = Compilers(tap, folder)
    test.refused(test.gccgo("gccgo"), "compiled with gccgo")
    test.refused(test.gccgo("gccgo-static", "-static-libgo"), "compiled with gccgo")
    test.refused(test.gccgo("gccgo-stripped", "-static", "-s"), "compiled with gccgo")
    plain = 'const char said[] = "";'
    test.refused(test.c("tinygo-symbols", SYMBOL + plain), "compiled with TinyGo")
    test.refused(test.c("tinygo-debug", PRODUCER + plain, "-g", "-gdwarf-4"), "compiled with TinyGo")
    test.refused(test.c("tinygo-stripped", SAYS, "-s"), "compiled with TinyGo")
    test.refused(test.c("c", plain, "-g"), "is not a Go program")
    program = folder / "go"
    subprocess.run(
        [str(TESTS / "go"), version, "build", "-o", program, folder / "main.go"], check=True
    )
    with Target(program) as target:
        target.process.stderr.readline()
        tap.check(meta(target.pid)["go_version"].startswith("go1"), "a program with the words in it is read")


if __name__ == "__main__":
    each_argument(check, "1.26")
