"""Two ways to drive a program that draws a screen: in tmux, which shows what a person would see,
and on a bare pseudo terminal, which shows the bytes that would reach the terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

PATIENCE = float(os.environ.get("PATIENCE", "30"))
NAMES = {"esc": "Escape", "tab": "Tab", "enter": "Enter", "back": "BSpace", "space": "Space"}


class Gone(Exception):
    """What was waited for did not come."""


class Tmux:
    """A program in a tmux of its own. Nothing sleeps: what is expected is waited for."""

    def __init__(self, command, width=80, height=24, env=None):
        self.folder = tempfile.mkdtemp(prefix="screens-")
        self.socket = os.path.join(self.folder, "tmux")
        self.env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "NO_COLOR", "LC_ALL")}
        self.env.update({"LANG": "C.UTF-8", "HISTFILE": ""}, **(env or {}))
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height),
                  "bash --norc --noprofile -i")
        self.wait(r"bash.*[#$]")
        self.send("stty -a > %s/before; echo as it was" % self.folder, "enter")
        self.wait("\nas it was")
        self.send(command + " 2>%s/errors; echo status $?" % self.folder, "enter")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def tmux(self, *arguments, check=True):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *arguments],
                              env=self.env, check=check, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout.decode()

    def send(self, *keys):
        for key in keys:
            if key in NAMES or re.fullmatch(r"C-.|[A-Z][a-z]+|F\d+", key):
                self.tmux("send-keys", NAMES.get(key, key))
            else:
                self.tmux("send-keys", "-l", key)

    def text(self):
        return self.tmux("capture-pane", "-p")

    def lines(self):
        return self.text().split("\n")

    def wait(self, *patterns, absent=()):
        """Wait until the screen shows every pattern; returns it."""
        end = time.monotonic() + PATIENCE
        while True:
            text = self.text()
            missing = [p for p in patterns if not re.search(p, text)]
            if not missing and not any(re.search(p, text) for p in absent):
                return text
            if time.monotonic() > end:
                raise Gone("waited for %r on\n%s\n%s" % (missing or absent, text, self.errors()))
            time.sleep(0.02)

    def see(self, *keys_then_pattern):
        """Send all but the last, wait for the last."""
        self.send(*keys_then_pattern[:-1])
        return self.wait(keys_then_pattern[-1])

    def selected(self):
        """The lines in reverse video, as text."""
        found = []
        for line in self.tmux("capture-pane", "-p", "-e").split("\n"):
            if re.search(r"\x1b\[(\d+;)*7(;\d+)*m", line):
                found.append(re.sub(r"\x1b\[[0-9;]*m", "", line))
        return found[1:] if found and "Overview" in found[0] else found

    def wait_selected(self, pattern):
        end = time.monotonic() + PATIENCE
        while True:
            rows = self.selected()
            if any(re.search(pattern, row) for row in rows):
                return rows
            if time.monotonic() > end:
                raise Gone("waited for the selection %r on\n%s\nselected: %r"
                           % (pattern, self.text(), rows))
            time.sleep(0.02)

    def at_rest(self, seconds=0.3):
        """Wait until nothing on the screen has changed for so long: the keys sent have had their effect."""
        end = time.monotonic() + PATIENCE
        before, since = None, time.monotonic()
        while time.monotonic() < since + seconds:
            if time.monotonic() > end:
                raise Gone("the screen does not come to rest:\n%s" % self.text())
            now = self.tmux("capture-pane", "-p", "-e")
            if now != before:
                before, since = now, time.monotonic()
            time.sleep(0.02)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def child(self):
        """The process id of the program, a child of the shell."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", shell], stdout=subprocess.PIPE, check=False)
        return int(found.stdout.split()[0])

    def errors(self):
        try:
            with open(os.path.join(self.folder, "errors"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def settings_kept(self):
        """Are the terminal's settings what they were before the program ran?"""
        self.send("stty -a > %s/after; cmp %s/before %s/after && echo settings kept"
                  % ((self.folder,) * 3), "enter")
        self.wait("\nsettings kept")
        return True


class Pty:
    """A program on a pseudo terminal, for the bytes it writes."""

    def __init__(self, command, width=80, height=24, env=None):
        self.output = b""
        self.status = None
        self.folder = tempfile.TemporaryDirectory(prefix="screens-")
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL")}
        environment.update({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, **(env or {}))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.folder.name)
            os.execvpe(command[0], command, environment)
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        self.folder.cleanup()

    def resize(self, width, height):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds=0.0):
        """What is there to read; False at the end."""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                return False
            self.output += data
            seconds = 0.0
        return True

    def send(self, keys):
        data = keys if isinstance(keys, bytes) else keys.encode()
        while data:
            self.read()
            if select.select([], [self.fd], [], 1)[1]:
                data = data[os.write(self.fd, data[:512]):]

    def wait(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.output):
            if not self.read(0.05) or time.monotonic() > end:
                raise Gone("waited for %r, have %r" % (pattern, self.output[-400:]))

    def end(self):
        """Read until the program is gone; its wait status."""
        end = time.monotonic() + PATIENCE
        while self.read(0.05):
            if time.monotonic() > end:
                raise Gone("the program does not end")
        self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def alive(self):
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = status
        return not pid


def allowed_sequences(term="xterm-256color"):
    """A pattern for the escape sequences that the terminal's own description knows, and for those of the
    broker's question (tui/broker/asking.c), which undo whatever state the terminal was left in."""
    listing = subprocess.run(["infocmp", "-1", "-x", term], stdout=subprocess.PIPE, check=True)
    patterns = [rb"\x1b\[[0-9;:]*m", rb"\x1b\[!p\x1b\(B\x0f\x1b\[0m\x1b\[[0-9]+;1H\x1b\[2K", rb"\x1b\[\?25h"]
    for line in listing.stdout.decode().split("\n"):
        found = re.fullmatch(r"\t(\w+)=(.*),", line)
        if not found or re.match(r"k|u\d", found.group(1)) or "%?" in found.group(2):
            continue
        text = re.sub(r"\$<[^>]*>", "", found.group(2))
        if not text.startswith("\\E"):
            continue
        text = re.sub(r"%(p\d|i|[+\-*/]|\{\d+\}|'.'|P\w|g\w)", "", text)
        pieces = re.split(r"%d|%c|%s", text)
        literal = [re.escape(p.replace("\\E", "\x1b").replace("\\\\", "\\")
                             .replace("^G", "\x07")).encode() for p in pieces]
        patterns.append(rb"[0-9;]*".join(literal))
    # Setting the title is in the description, but nothing here has a reason to do it.
    patterns = [p for p in patterns if not p.startswith(rb"\x1b\]") and b"\x1b]" not in p]
    return re.compile(b"|".join(sorted(patterns, key=len, reverse=True)))


def foreign_bytes(output, allowed):
    """The first thing in OUTPUT that is neither text nor a sequence of the terminal's; None."""
    at = 0
    text = re.compile("[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
    while at < len(output):
        byte = output[at]
        if byte == 0x1b:
            found = allowed.match(output, at)
            if not found:
                return output[at:at + 24]
            at = found.end()
        elif byte in b"\r\n\b\t\x0e\x0f":
            at += 1
        else:
            stop = at
            while stop < len(output) and output[stop] >= 0x20 and output[stop] != 0x7f:
                stop += 1
            try:
                piece = output[at:stop].decode("utf-8")
            except UnicodeDecodeError:
                return output[at:at + 24]
            if not text.fullmatch(piece):
                return output[at:at + 24]
            at = stop
    return None
