#!/usr/bin/env python3
"""How much of a real server's heap goretain explains, types and reaches.

    server.py prometheus BINARY [--tries N] [--seconds N]    scraping itself
    server.py caddy BINARY                                   serving files

The server runs on 127.0.0.1 in a temporary folder, with load for some seconds. Then, N times (5): a
collection is forced through its profiling page, the connection held open, and goretain takes a
snapshot at once. Printed are all tries, and of the best one what has no type and what was not reached.

Exits with 0 if explained is 99.9 to 100.1 % of HeapAlloc, reached is 99.9 % or all but 64 kB of what
the last collection kept, and 93 % of the live bytes have a type.
"""

import argparse
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

from goretain import Failure, Tap, meta, run, sql


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def prometheus(binary, folder, port):
    config = folder / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: self\n"
        f"  static_configs:\n  - targets: ['127.0.0.1:{port}']\n"
    )
    command = [
        binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    return (
        command,
        port,
        [
            "/metrics",
            "/api/v1/query?query=sum(rate(go_gc_duration_seconds_count%5B1m%5D))",
            "/api/v1/targets",
            "/api/v1/series?match%5B%5D=up",
            "/-/ready",
        ],
    )


def caddy(binary, folder, port):
    admin = free_port()
    (folder / "www").mkdir()
    for i in range(50):
        (folder / "www" / f"{i}.html").write_text(f"<p>page {i}</p>\n" * 500)
    config = folder / "caddy.json"
    route = {
        "handle": [
            {"handler": "encode", "encodings": {"gzip": {}}},
            {"handler": "file_server", "root": str(folder / "www")},
        ]
    }
    config.write_text(
        json.dumps(
            {
                "admin": {"listen": f"127.0.0.1:{admin}"},
                "apps": {
                    "http": {
                        "servers": {
                            "files": {
                                "listen": [f"127.0.0.1:{port}"],
                                "routes": [route],
                                "automatic_https": {"disable": True},
                                "metrics": {},
                            }
                        }
                    }
                },
            }
        )
    )
    return [binary, "run", "--config", config], admin, [f"/{i}.html" for i in range(50)]


SERVERS = {"prometheus": prometheus, "caddy": caddy}


def wait_for(process, port, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failure(f"the server does not listen on {port}")


def load(port, paths, seconds):
    """Four clients, one request after the other, for so many seconds; how many got an answer."""
    end = time.monotonic() + seconds
    answers = []

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        n = 0
        while time.monotonic() < end:
            connection.request("GET", paths[n % len(paths)], headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            n += answer.status == 200
            time.sleep(0.005)
        connection.close()
        answers.append(n)

    threads = [threading.Thread(target=client) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return sum(answers)


def percent(part, whole):
    return 100 * part / whole if whole else 0


class Reading:
    """The figures of one snapshot."""

    def __init__(self, snapshot):
        self.snapshot = snapshot
        self.meta = meta(snapshot)
        m = self.meta
        self.explained = percent(m["heap_explained"], m["heap_alloc"])
        self.lost = m["kept_by_last_gc"] - m["kept_reached"]
        self.reached = percent(m["kept_reached"], m["kept_by_last_gc"])
        self.known = dict(
            sql(snapshot, "select type_known, sum(size) from objects where live = 1 group by 1")
        )
        self.live = sum(self.known.values())
        self.typed = percent(self.known.get("exact", 0) + self.known.get("derived", 0), self.live)

    def __str__(self):
        m = self.meta
        return (
            f"pause {m['pause_ns'] / 1e6:.1f} ms, gc {m['gc_phase']}, explained {self.explained:.3f} % of "
            f"{m['heap_alloc']:,} B, reached {self.reached:.3f} % (all but {self.lost:,} B of "
            f"{m['kept_by_last_gc']:,}), typed {self.typed:.2f} % of {self.live:,} live B "
            f"(exact {percent(self.known.get('exact', 0), self.live):.1f})"
        )

    def unknown(self):
        """What has no type, by what refers to it first."""
        return sql(
            self.snapshot,
            """
            with u as (select id, size, noscan from objects where live = 1 and type_known in ('unknown', 'inferred'))
            select sum(u.size) as bytes, count(*), min(u.size), max(u.size), u.noscan, s.type, e.src_offset
            from u left join edges e on e.dst = u.id and e.src = (select min(src) from edges where dst = u.id)
            left join objects s on s.id = e.src group by s.type, e.src_offset, u.noscan order by 1 desc limit 15""",
        )

    def lost_objects(self):
        """What the last collection kept and goretain does not reach."""
        try:
            return sql(
                self.snapshot,
                "select type, size, count(*) from objects where survived = 1 and live = 0 "
                "group by 1, 2 order by sum(size) desc limit 15",
            )
        except Failure:
            return []  # this goretain has no such column


def read(server, folder, port, tries):
    readings = []
    for i in range(tries):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/debug/pprof/heap?gc=1")
        answer = connection.getresponse()
        if answer.status != 200:
            raise Failure(f"the profiling page answers {answer.status}")
        answer.read()
        snapshot = folder / f"snapshot{i}"
        run("snapshot", server.pid, "--with-data", "-o", snapshot)
        connection.close()
        readings.append(Reading(snapshot))
        print(f"# try {i + 1}: {readings[-1]}", flush=True)
    return readings


def report(name, readings, tap):
    best = max(readings, key=lambda r: r.reached)
    print("# without a type: bytes, objects, sizes, pointer-free, referred to by")
    for row in best.unknown():
        print(
            "#   {:>10,} {:>8,}  {}-{} {}  {} +{}".format(
                *row[:4], "noscan" if row[4] else "scan  ", *row[5:]
            )
        )
    for row in best.lost_objects():
        print(f"# not reached: {row}")
    explained = [r.explained for r in readings]
    tap.check(
        all(99.9 <= e <= 100.1 for e in explained),
        f"{name}: explained {min(explained):.3f} to {max(explained):.3f} %",
    )
    tap.check(
        best.reached >= 99.9 or best.lost <= 65536,
        f"{name}: reached {best.reached:.3f} %, all but {best.lost:,} B",
    )
    typed = min(r.typed for r in readings)
    tap.check(typed >= 93, f"{name}: typed {typed:.2f} %")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("server", choices=sorted(SERVERS))
    parser.add_argument("binary")
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="goretain-server-") as temporary:
        folder, port = pathlib.Path(temporary), free_port()
        command, debug_port, paths = SERVERS[options.server](options.binary, folder, port)
        environment = {
            **os.environ,
            "HOME": temporary,
            "XDG_CONFIG_HOME": temporary,
            "XDG_DATA_HOME": temporary,
        }
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(
                list(map(str, command)), stdout=log, stderr=log, env=environment, cwd=folder
            )
        try:
            wait_for(server, port)
            print(
                f"# {options.server}[{server.pid}]: {load(port, paths, options.seconds)} requests answered",
                flush=True,
            )
            report(options.server, read(server, folder, debug_port, options.tries), tap)
        except Failure as failure:
            tap.check(
                False,
                f"{options.server} can be read",
                [failure, (folder / "log").read_text()[-500:]],
            )
        finally:
            server.kill()
            server.wait()
    tap.end()


if __name__ == "__main__":
    main()
