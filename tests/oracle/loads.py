"""Real servers with real work: how each is started, and what its clients ask.

A server here is a function from its binary and a folder of its own to the command that starts it,
the port that it must listen on, and a client. A client is a function of a number and of a function
that says whether to go on; it yields once for each answer. When it is done it leaves every second
connection open: in a drained server, too, goroutines wait for the next request.
"""

import base64
import contextlib
import http.client
import itertools
import json
import socket
import struct
import threading
import time

import server
from server import free_port, wait_for

CLIENTS = 16


class Load:
    """Clients at work from construction on."""

    def __init__(self, client):
        self.done, self.answers, self.kept = threading.Event(), [0] * CLIENTS, []
        self.threads = [
            threading.Thread(target=self._work, args=(client, i), daemon=True)
            for i in range(CLIENTS)
        ]
        for thread in self.threads:
            thread.start()

    def _work(self, client, number):
        connections = []
        with contextlib.suppress(OSError, http.client.HTTPException):
            for _ in client(number, connections):
                self.answers[number] += 1
                if self.done.is_set():
                    break
        self.kept += connections[::2]
        for connection in connections[1::2]:
            connection.close()

    def drain(self):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def count(self):
        return sum(self.answers)


@contextlib.contextmanager
def at_work(process, port, client, seconds, loaded):
    """Loads a server for some seconds; inside the block it is drained, or LOADED: still at work."""
    wait_for(process, port)
    load = Load(client)
    time.sleep(seconds)
    if not loaded:
        load.drain()
    try:
        yield load
    finally:
        load.done.set()


def asking(port, request):
    """A client of an HTTP server: REQUEST makes (method, path, body) of a number."""

    def client(number, connections):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connections.append(connection)
        for i in itertools.count(number * 1000):
            method, path, body = request(i)
            kind = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, {"Accept-Encoding": "gzip", **kind})
            answer = connection.getresponse()
            answer.read()
            yield answer.status

    return client


def caddy(binary, folder):
    command, admin, paths = server.caddy(binary, folder, port := free_port())
    asked = asking(port, lambda i: ("GET", paths[i % len(paths)], None))
    managed = asking(admin, lambda i: ("GET", ("/config/", "/metrics", "/debug/vars")[i % 3], None))
    return command, port, lambda n, kept: managed(n, kept) if n == 0 else asked(n, kept)


class Nats:
    """The text protocol of NATS, as much as is needed here."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.input = self.socket.makefile("rb")
        self.send("CONNECT " + json.dumps({"verbose": False, "name": name}))

    def send(self, *lines):
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def publish(self, subject, payload, reply=""):
        self.send(f"PUB {subject} {reply} {len(payload)}", payload)

    def settle(self):
        """Reads what there is until the server has seen all that was sent."""
        self.send("PING")
        while line := self.input.readline():
            word = line.split(b" ")[0].strip()
            if word == b"PONG":
                return
            if word == b"PING":
                self.send("PONG")
            elif word == b"MSG":
                self.input.read(int(line.split()[-1]) + 2)
            elif word == b"-ERR":
                raise ConnectionError(line)

    def close(self):
        self.input.close()
        self.socket.close()


def nats(binary, folder):
    port, monitor = free_port(), free_port()
    stream = {"name": "KEPT", "subjects": ["kept.>"], "storage": "memory", "max_msgs": 20000}

    def client(number, connections):
        connection = Nats(port, f"client {number}")
        connections.append(connection)
        connection.send(f"SUB orders.{number}.* 1", "SUB orders.> workers 2", f"SUB _INBOX.{number} 3")
        connection.publish("$JS.API.STREAM.CREATE.KEPT", json.dumps(stream), f"_INBOX.{number}")
        for i in itertools.count():
            connection.publish(f"orders.{i % CLIENTS}.{i}", "an order " * (i % 40))
            connection.publish(f"kept.{number}.{i % 100}", f"message {i}" * (i % 20), f"_INBOX.{number}")
            connection.send(f"SUB temporary.{i % 500} {i + 10}", f"UNSUB {i}" if i > 100 else "PING")
            connection.settle()
            yield i

    pages = ("/varz", "/connz?subs=1", "/subsz?subs=1", "/jsz?streams=1")
    watched = asking(monitor, lambda i: ("GET", pages[i % len(pages)], None))
    command = [binary, "-a", "127.0.0.1", "-p", port, "-m", monitor, "-js", "-sd", folder / "data"]
    return command, monitor, lambda n, kept: watched(n, kept) if n == 0 else client(n, kept)


def etcd(binary, folder):
    port, peers = free_port(), free_port()
    here, there = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"

    def word(text):
        return base64.b64encode(text.encode()).decode()

    def request(i):
        key = word(f"/registry/{i % 700}")
        path, body = (
            ("kv/put", {"key": key, "value": word(f"value {i} " * (i % 50))}),
            ("kv/range", {"key": key}),
            ("kv/range", {"key": word("/registry/1"), "range_end": word("/registry/2")}),
            ("lease/grant", {"TTL": 3600}),
            ("kv/deleterange", {"key": key}),
        )[i % 5]
        return "POST", "/v3/" + path, json.dumps(body)

    def watch(number, connections):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connections.append(connection)
        wanted = {"create_request": {"key": word("/registry/"), "range_end": word("/registry0")}}
        connection.request("POST", "/v3/watch", json.dumps(wanted))
        answer = connection.getresponse()
        while line := answer.readline():
            yield line

    command = [binary, "--data-dir", folder / "data", "--initial-cluster", f"default={there}"]
    command += ["--listen-client-urls", here, "--advertise-client-urls", here]
    command += ["--listen-peer-urls", there, "--initial-advertise-peer-urls", there]
    asked = asking(port, request)
    return command, port, lambda n, kept: watch(n, kept) if n < 4 else asked(n, kept)


def prometheus(binary, folder):
    command, port, paths = server.prometheus(binary, folder, free_port())
    paths += [
        "/api/v1/query_range?query=sum%20by(__name__)(rate(%7Bjob%3D%22self%22%7D%5B10s%5D))&start={0}&end={1}&step=1",
        "/api/v1/labels",
        "/api/v1/status/tsdb",
        "/federate?match%5B%5D=up",
    ]

    def request(i):
        now = int(time.time())
        return "GET", paths[i % len(paths)].format(now - 10, now), None

    return command, port, asking(port, request)


def coredns(binary, folder):
    port, metrics = free_port(), free_port()
    hosts = "\n".join(f"10.0.{i >> 8}.{i & 255} host{i}.example.org" for i in range(500))
    (folder / "Corefile").write_text(
        f".:{port} {{\nbind 127.0.0.1\nhosts {{\n{hosts}\nfallthrough\n}}\ncache 300\nerrors\n"
        f"prometheus 127.0.0.1:{metrics}\nwhoami\n}}\n"
    )

    def question(i):
        labels = f"host{i % 700}.example.org".encode().split(b".")
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        body = struct.pack(">6H", i & 0xFFFF, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
        return struct.pack(">H", len(body)) + body

    def client(number, connections):
        connection = socket.create_connection(("127.0.0.1", port), 30)
        connections.append(connection)
        answers = connection.makefile("rb")
        for i in itertools.count(number * 1000):
            connection.sendall(question(i))
            (length,) = struct.unpack(">H", answers.read(2))
            yield answers.read(length)

    watched = asking(metrics, lambda i: ("GET", "/metrics", None))
    command = [binary, "-conf", folder / "Corefile"]
    return command, port, lambda n, kept: watched(n, kept) if n == 0 else client(n, kept)


def pocketbase(binary, folder):
    port = free_port()

    def request(i):
        if i % 1000 == 500:
            word = f"a password of {i}"
            user = {"email": f"{i}@example.org", "password": word, "passwordConfirm": word}
            return "POST", "/api/collections/users/records", json.dumps(user)
        pages = ("health", "collections/users/records", "collections/users/auth-methods")
        return "GET", "/api/" + pages[i % len(pages)], None

    command = [binary, "serve", f"--http=127.0.0.1:{port}", f"--dir={folder / 'data'}"]
    return command, port, asking(port, request)
