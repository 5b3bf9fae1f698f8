"""More servers with work to do, as in loads.py: those that the fleet has beside these.

All of them listen on 127.0.0.1 alone, announce themselves to nobody and send no reports.
"""

import hashlib
import http.client
import itertools
import json
import select
import socket
import struct
import subprocess
import time

from loads import asking
from server import free_port


def draining(connection):
    """Reads away what the other side has sent so far."""
    while select.select([connection], [], [], 0)[0]:
        if not connection.recv(1 << 16):
            raise ConnectionError("the server closed the connection")


def received(connection, size):
    """Exactly SIZE bytes."""
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError("the server closed the connection")
        parts += part
    return parts


# ---- time series ----


def lines_of(i):
    """Measurements in InfluxDB's line protocol."""
    return "\n".join(
        f"cpu,host=host{h % 300},core=core{h % 7} user={i % 97}.5,system={h}i,text=\"value {i}\""
        for h in range(i % 300, i % 300 + 40)
    )


def victoria(binary, folder):
    port = free_port()

    def request(i):
        if i % 3 == 0:
            return "POST", "/write", lines_of(i)
        pages = (
            "/api/v1/query?query=sum(cpu_user)%20by%20(host)",
            "/api/v1/labels",
            "/api/v1/series?match%5B%5D=cpu_system",
            "/api/v1/status/tsdb",
            "/metrics",
        )
        return "GET", pages[i % len(pages)], None

    command = [binary, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}"]
    return command, port, asking(port, request)


def influx(binary, folder):
    port, rpc = free_port(), free_port()
    (folder / "influx.toml").write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
    )

    def request(i):
        if i % 1000 == 0:
            return "POST", "/query?q=CREATE%20DATABASE%20kept", ""
        if i % 3:
            return "POST", "/write?db=kept", lines_of(i)
        asked = ("mean(%22user%22)%20FROM%20cpu%20GROUP%20BY%20host", "*%20FROM%20cpu%20LIMIT%20200")
        return "GET", f"/query?db=kept&q=SELECT%20{asked[i % 2]}", None

    return [binary, "run", "-config", folder / "influx.toml"], port, asking(port, request)


def alertmanager(binary, folder):
    port = free_port()
    (folder / "alerts.yml").write_text(
        "route:\n  receiver: nobody\n  group_by: ['service']\nreceivers:\n- name: nobody\n"
    )

    def request(i):
        if i % 3:
            pages = ("alerts", "alerts/groups", "status", "silences")
            return "GET", f"/api/v2/{pages[i % 4]}", None
        labels = {"alertname": f"alert {i % 400}", "service": f"service {i % 20}"}
        alert = {"labels": labels, "annotations": {"summary": f"a summary of {i}" * 10}}
        return "POST", "/api/v2/alerts", json.dumps([alert])

    command = [binary, f"--config.file={folder / 'alerts.yml'}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    return command, port, asking(port, request)


def pushgateway(binary, folder):
    port = free_port()

    def request(i):
        if i % 3:
            lines = "".join(f'work{{part="{k}"}} {i + k}\n' for k in range(i % 40))
            return "PUT", f"/metrics/job/job{i % 300}/instance/host{i % 7}", f"# TYPE work gauge\n{lines}"
        return "GET", ("/metrics", "/api/v1/metrics")[i % 2], None

    command = [binary, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    return command, port, asking(port, request)


def node_exporter(binary, folder):
    port = free_port()
    command = [binary, f"--web.listen-address=127.0.0.1:{port}"]
    return command, port, asking(port, lambda i: ("GET", "/metrics", None))


def mtail(binary, folder):
    port, log = free_port(), folder / "access.txt"
    (folder / "programs").mkdir()
    (folder / "programs" / "access.mtail").write_text(
        "counter requests by path, status\ncounter bytes by path\n"
        "/(?P<path>\\/\\S*) (?P<status>\\d+) (?P<bytes>\\d+)$/ {\n"
        "  requests[$path][$status]++\n  bytes[$path] += $bytes\n}\n"
    )
    log.touch()
    asked = asking(port, lambda i: ("GET", ("/metrics", "/json", "/varz")[i % 3], None))

    def writer(number, connections):
        for i in itertools.count():
            with open(log, "a") as out:
                out.writelines(f"GET /page/{number}/{(i + k) % 500} 200 {k}\n" for k in range(20))
            time.sleep(0.01)
            yield i

    command = [binary, "-progs", folder / "programs", "-logs", log, "-port", port]
    command += ["-address", "127.0.0.1"]
    return command, port, lambda n, kept: writer(n, kept) if n < 4 else asked(n, kept)


# ---- files ----


def registry(binary, folder):
    port = free_port()
    (folder / "registry.yml").write_text(
        "version: 0.1\nlog: {level: error}\nstorage:\n  inmemory:\n  cache: {blobdescriptor: inmemory}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )

    def client(number, connections):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connections.append(connection)

        def ask(method, path, body=None, kind="application/octet-stream"):
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            answer.read()
            return answer

        def push(name, blob):
            digest = "sha256:" + hashlib.sha256(blob).hexdigest()
            place = ask("POST", f"/v2/{name}/blobs/uploads/").getheader("Location")
            place = place[place.index("/v2/") :]
            ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", blob)
            return {"size": len(blob), "digest": digest}

        for i in itertools.count():
            name = f"library/image{number}"
            config = push(name, json.dumps({"number": number, "i": i}).encode())
            layer = push(name, f"a layer {number} {i}".encode() * (i % 200))
            media = "application/vnd.docker.distribution.manifest.v2+json"
            manifest = {
                "schemaVersion": 2,
                "mediaType": media,
                "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **config},
                "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", **layer}],
            }
            ask("PUT", f"/v2/{name}/manifests/tag{i % 50}", json.dumps(manifest), media)
            ask("GET", f"/v2/{name}/tags/list")
            yield ask("GET", f"/v2/{name}/blobs/{layer['digest']}").status

    return [binary, "serve", folder / "registry.yml"], port, client


def s3(binary, folder):
    port = free_port()

    def request(i):
        if i % 4 == 0:
            return "GET", "/kept?prefix=folder/1", None
        body = f"an object {i} " * (i % 300) if i % 4 == 1 else None
        return "PUT" if body else "GET", f"/kept/folder/{i % 900}", body

    command = [binary, "-backend", "mem", "-initialbucket", "kept", "-host", f"127.0.0.1:{port}"]
    return command, port, asking(port, request)


def hugo(binary, folder):
    port, site = free_port(), folder / "site"
    (site / "content/posts").mkdir(parents=True)
    (site / "layouts/_default").mkdir(parents=True)
    page = "<html><title>{{ .Title }}</title>{{ .Content }}{{ range .Pages }}<a href={{ .RelPermalink }}>{{ .Title }}</a>{{ end }}</html>"
    for name in ("single", "list"):
        (site / f"layouts/_default/{name}.html").write_text(page)
    (site / "config.toml").write_text('baseURL = "http://127.0.0.1/"\ntitle = "A site"\n')
    for i in range(400):
        (site / f"content/posts/page{i}.md").write_text(
            f'---\ntitle: "Page {i}"\ntags: [tag{i % 20}, tag{i % 7}]\n---\n# Page {i}\n'
            + "\n".join(f"* item {k} with *some* text of {i}" for k in range(i % 60))
        )
    command = [binary, "server", "--bind", "127.0.0.1", "-p", port, "-s", site]
    command += ["--disableLiveReload", "--watch=false"]
    asked = asking(port, lambda i: ("GET", f"/posts/page{i % 400}/" if i % 9 else "/tags/", None))
    return command, port, asked


def syncthing(binary, folder):
    port, sync = free_port(), free_port()
    home, files = folder / "home", folder / "files"
    files.mkdir()
    for i in range(1500):
        (files / f"folder{i % 30}").mkdir(exist_ok=True)
        (files / f"folder{i % 30}" / f"file{i}.txt").write_text(f"file {i} " * (i % 500))
    subprocess.run([binary, "generate", "--home", home, "--no-default-folder"], check=True, capture_output=True)
    (home / "config.xml").write_text(
        f'<configuration version="35"><folder id="kept" path="{files}" type="sendreceive"'
        ' rescanIntervalS="3" fsWatcherEnabled="true"></folder>'
        f"<gui enabled=\"true\"><address>127.0.0.1:{port}</address><apikey>key</apikey></gui><options>"
        f"<listenAddress>tcp://127.0.0.1:{sync}</listenAddress><urAccepted>-1</urAccepted>"
        + "".join(
            f"<{name}>false</{name}>"
            for name in (
                "globalAnnounceEnabled localAnnounceEnabled relaysEnabled natEnabled "
                "crashReportingEnabled startBrowser"
            ).split()
        )
        + "<autoUpgradeIntervalH>0</autoUpgradeIntervalH></options></configuration>"
    )

    def client(number, connections):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connections.append(connection)
        pages = "db/browse?folder=kept db/status?folder=kept system/status config stats/folder".split()
        for i in itertools.count():
            (files / f"folder{number}" / f"new{i % 100}").write_text(f"{i}" * 300)
            connection.request("GET", "/rest/" + pages[i % len(pages)], headers={"X-API-Key": "key"})
            answer = connection.getresponse()
            answer.read()
            time.sleep(0.01)
            yield answer.status

    # Otherwise it is the monitor of a process that does the work.
    command = ["env", "STMONITORED=yes", binary, "serve", "--home", home]
    command += ["--no-browser", "--no-restart", "--no-upgrade"]
    return command, port, client


def webhook(binary, folder):
    port = free_port()
    hooks = [
        {
            "id": f"hook{i}",
            "execute-command": "/bin/true",
            "pass-arguments-to-command": [{"source": "payload", "name": "head.text"}],
            "trigger-rule": {
                "match": {
                    "type": "value",
                    "value": "yes",
                    "parameter": {"source": "payload", "name": "run"},
                }
            },
        }
        for i in range(200)
    ]
    (folder / "hooks.json").write_text(json.dumps(hooks))

    def request(i):
        body = {"run": "yes" if i % 50 == 0 else "no", "head": {"text": f"text {i}" * (i % 100)}}
        return "POST", f"/hooks/hook{i % 250}", json.dumps(body)

    command = [binary, "-hooks", folder / "hooks.json", "-ip", "127.0.0.1", "-port", port]
    return command, port, asking(port, request)


# ---- protocols of their own ----


class Mqtt:
    """MQTT 3.1.1, as much as is needed here."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.packet(0x10, b"\0\4MQTT\4\2\0\x3c" + self.word(name))
        self.until(2)

    @staticmethod
    def word(text):
        return struct.pack(">H", len(text)) + text.encode()

    def packet(self, kind, body):
        length, head = len(body), bytearray([kind])
        while True:
            head.append(length % 128 | (128 if length > 127 else 0))
            length //= 128
            if not length:
                break
        self.socket.sendall(bytes(head) + body)

    def until(self, wanted):
        """Reads packets until one of that kind."""
        while True:
            kind, length, shift = received(self.socket, 1)[0] >> 4, 0, 0
            while True:
                byte = received(self.socket, 1)[0]
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            received(self.socket, length)
            if kind == wanted:
                return

    def subscribe(self, topic):
        self.packet(0x82, b"\0\1" + self.word(topic) + b"\0")
        self.until(9)

    def publish(self, topic, payload, retain=False):
        self.packet(0x32 | retain, self.word(topic) + b"\0\2" + payload.encode())
        self.until(4)

    def close(self):
        self.socket.close()


def mqtt(binary, folder):
    port = free_port()

    def client(number, connections):
        connection = Mqtt(port, f"client {number}")
        connections.append(connection)
        for k in range(30):
            connection.subscribe(f"rooms/{number}/{k}/#" if k % 3 else f"rooms/+/{k}/light")
        for i in itertools.count():
            connection.publish(f"rooms/{i % 16}/{i % 50}/light", f"a payload {i}" * (i % 30), i % 5 == 0)
            yield i

    command = [binary, "-tcp", f"127.0.0.1:{port}", "-ws", f"127.0.0.1:{free_port()}"]
    return command + ["-info", f"127.0.0.1:{free_port()}"], port, client


def bgp(binary, folder):
    port, api = free_port(), free_port()
    (folder / "gobgpd.toml").write_text(
        f'[global.config]\nas = 65000\nrouter-id = "10.0.0.1"\nport = {port}\n'
        'local-address-list = ["127.0.0.1"]\n'
        '[[peer-groups]]\n[peer-groups.config]\npeer-group-name = "peers"\npeer-as = 65001\n'
        '[[dynamic-neighbors]]\n[dynamic-neighbors.config]\nprefix = "127.0.0.0/8"\npeer-group = "peers"\n'
    )

    def message(kind, body=b""):
        return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body

    def client(number, connections):
        peer = socket.socket()
        peer.bind((f"127.0.0.{number + 10}", 0))
        peer.settimeout(30)
        peer.connect(("127.0.0.1", port))
        connections.append(peer)
        peer.sendall(message(1, struct.pack(">BHHIB", 4, 65001, 240, 0x0A000100 + number, 0)))
        while received(peer, 19)[18] != 1:
            pass
        peer.sendall(message(4))
        for i in itertools.count():
            path = struct.pack(">BB3H", 2, 3, 65001, 65100 + i % 200, 65300 + number)
            attributes = b"\x40\1\1\0" + b"\x40\2" + bytes([len(path)]) + path
            attributes += b"\x40\3\4" + bytes([127, 0, 0, number + 10])
            prefixes = b"".join(
                bytes([24, 20 + number % 4, i % 200, k]) for k in range(number, number + 8)
            )
            withdrawn = bytes([24, 20 + number % 4, (i + 100) % 200, number]) if i % 7 == 0 else b""
            body = struct.pack(">H", len(withdrawn)) + withdrawn
            body += struct.pack(">H", len(attributes)) + attributes + prefixes
            peer.sendall(message(2, body))
            draining(peer)
            time.sleep(0.002)
            yield i

    command = [binary, "-f", folder / "gobgpd.toml", f"--api-hosts=127.0.0.1:{api}", "--pprof-disable"]
    return command, port, client


def packed(value):
    """MessagePack of strings, small maps and numbers."""
    if isinstance(value, dict):
        pairs = b"".join(packed(k) + packed(v) for k, v in value.items())
        return bytes([0x80 | len(value)]) + pairs
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xce" + struct.pack(">I", value)
    raw = value.encode()
    return b"\xda" + struct.pack(">H", len(raw)) + raw


def serf(binary, folder):
    port, rpc = free_port(), free_port()

    def client(number, connections):
        connection = socket.create_connection(("127.0.0.1", rpc), 30)
        connections.append(connection)

        def ask(seq, command, body=None):
            head = packed({"Command": command, "Seq": seq})
            connection.sendall(head + (packed(body) if body else b""))

        ask(0, "handshake", {"Version": 1})
        for i in itertools.count(1):
            ask(3 * i, "event", {"Name": f"event{i % 300}", "Payload": "x" * (i % 400), "Coalesce": False})
            ask(3 * i + 1, "members")
            ask(3 * i + 2, "stats")
            time.sleep(0.01)
            draining(connection)
            yield i

    command = [binary, "agent", "-bind", f"127.0.0.1:{port}", "-rpc-addr", f"127.0.0.1:{rpc}"]
    command += ["-node", "first", "-tag", "role=kept", "-snapshot", folder / "snapshot.serf"]
    return command, rpc, client


def simulated_address():
    """A pay-to-public-key-hash address of btcd's simulation network, in base 58."""
    raw = b"\x3f" + bytes(range(20))
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    digits, number = "", int.from_bytes(raw, "big")
    while number:
        number, digit = divmod(number, 58)
        digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + digits
    return digits


def btcd(binary, folder):
    port, peers = free_port(), free_port()

    def client(number, connections):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connections.append(connection)
        hashes = []

        def ask(method, *parameters):
            body = json.dumps({"jsonrpc": "1.0", "id": 1, "method": method, "params": parameters})
            # user:pass
            connection.request("POST", "/", body, {"Authorization": "Basic dXNlcjpwYXNz"})
            answer = connection.getresponse()
            text = answer.read()  # words where it is too busy
            return json.loads(text).get("result") if answer.status == 200 else None

        for i in itertools.count():
            if number == 0:
                hashes += ask("generate", 1) or []
            height = ask("getblockcount") or 0
            block = ask("getblockhash", i % (height + 1))
            ask("getblock", block, 1)
            yield ask("getrawmempool", True)

    command = [binary, "--simnet", "--notls", "--rpcuser=user", "--rpcpass=pass", "--nodnsseed"]
    command += [f"--rpclisten=127.0.0.1:{port}", f"--listen=127.0.0.1:{peers}"]
    command += [f"--datadir={folder / 'data'}", f"--logdir={folder / 'logs'}"]
    command += [f"--miningaddr={simulated_address()}", f"--configfile={folder / 'none.conf'}"]
    return command, port, client
