"""One file, sent by every way that takes files, side by side in one run: `python bench/uploads.py`.

Prints one table: MiB/s, the ratio to nginx's WebDAV PUT of the same round, the server's CPU seconds
a GiB, and by how much its memory grew at most. It asserts nothing by the clock. Client and servers
share the machine; only the tus rows wait for the disk, for they promise. Take the CPU first, the
ratio second, and MiB/s last.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/tmp;
  proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/put; dav_methods PUT; }} }}
}}
"""

STOCK = """
from flask import Flask, request
app = Flask(__name__)
@app.post("/")
def upload():
    request.files["the_file"].save({folder!r} + "/stock.bin")
    return "", 204
"""

RESUMABLE = """
from flask import Flask
from flask_resumable import Resumable
app = Flask(__name__, instance_path={folder!r})
app.config["RESUMABLE_SHA256"] = {sha256}
resumable = Resumable(app)
@resumable.finished
def finished(upload):
    upload.path.unlink()
{more}
"""

PLAIN = """
from flask_resumable.receiving import server
server.server_body = lambda environ, watch: None
"""


@dataclass
class Way:
    """A server, how to send to it, and what came of it."""

    name: str
    start: Callable[[Path, int], list[str]]
    send: Callable[[int, int], None]
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0
    speeds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def nginx(folder: Path, port: int) -> list[str]:
    (folder / "put").mkdir()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    return ["nginx", "-c", str(config), "-e", str(folder / "error.log")]


def gunicorn(source: str) -> Callable[[Path, int], list[str]]:
    def start(folder: Path, port: int) -> list[str]:
        (folder / "served.py").write_text(source.replace("{folder!r}", repr(str(folder))))
        options = [
            "-k",
            "gthread",
            "-w",
            "1",
            "--threads",
            "8",
            "--no-control-socket",
            "--log-level",
            "warning",
        ]
        where = ["--chdir", str(folder), "--pythonpath", str(ROOT / "site")]
        return [
            sys.executable,
            "-m",
            "gunicorn",
            *options,
            *where,
            "-b",
            f"127.0.0.1:{port}",
            "served:app",
        ]

    return start


def resumable(sha256: bool, more: str = "") -> Callable[[Path, int], list[str]]:
    return gunicorn(RESUMABLE.replace("{sha256}", str(sha256)).replace("{more}", more))


def request(port: int, head: str, size: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """Send a request whose body is `size` bytes between `before` and `after`; the answer's head."""
    buffer = memoryview(os.urandom(MIB))
    length = size + len(before) + len(after)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(f"{head}\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n".encode() + before)
        for start in range(0, size, MIB):
            sock.sendall(buffer[: min(MIB, size - start)])
        sock.sendall(after)
        answer = sock.recv(65536)
    if answer.split()[1][:1] != b"2":
        raise SystemExit(f"Refused: {answer.decode()}")
    return answer


def put(port: int, size: int) -> None:
    request(port, "PUT /file.bin HTTP/1.1", size)


def form(port: int, size: int) -> None:
    head = "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x"
    disposition = 'Content-Disposition: form-data; name="the_file"; filename="a.bin"'
    request(port, head, size, f"--x\r\n{disposition}\r\n\r\n".encode(), b"\r\n--x--\r\n")


def tus(port: int, size: int) -> None:
    version = "Tus-Resumable: 1.0.0"
    head = f"POST /uploads/ HTTP/1.1\r\n{version}\r\nUpload-Length: {size}"
    answer = request(port, head, 0).decode()
    address = next(line[10:] for line in answer.split("\r\n") if line.startswith("Location: "))
    kind = "Content-Type: application/offset+octet-stream"
    request(port, f"PATCH {address} HTTP/1.1\r\n{version}\r\n{kind}\r\nUpload-Offset: 0", size)


def ways() -> list[Way]:
    found = [
        Way("tus PATCH", resumable(sha256=False), tus),
        Way("tus PATCH, SHA-256", resumable(sha256=True), tus),
        Way("tus PATCH, SHA-256, plain wsgi.input", resumable(True, PLAIN), tus),
        Way("stock Flask, request.files[…].save()", gunicorn(STOCK), form),
    ]
    if shutil.which("nginx"):
        return [Way("nginx PUT", nginx, put), *found]
    print("nginx is not installed: no ratio")
    return found


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    fields = [
        Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family(pid)
    ]
    return sum(int(values[11]) + int(values[12]) for values in fields) / TICKS


def memory(pid: int, name: str) -> int:
    """MiB of the hungriest process: `VmRSS` now, `VmHWM` at most."""
    lines = [Path(f"/proc/{one}/status").read_text() for one in family(pid)]
    return max(int(text.split(f"{name}:")[1].split()[0]) for text in lines) // 1024


def up(way: Way, folder: Path) -> None:
    folder.mkdir()
    way.port = free_port()
    way.process = subprocess.Popen(way.start(folder, way.port))
    for _ in range(100):
        with socket.socket() as sock:
            if not sock.connect_ex(("127.0.0.1", way.port)):
                return
        time.sleep(0.1)
    raise SystemExit(f"{way.name} did not start")


def measure(way: Way, size: int) -> None:
    assert way.process is not None
    pid = way.process.pid
    os.sync()  # or the next one pays for what nginx and the stock app left unwritten
    rss, cpu, start = memory(pid, "VmRSS"), cpu_seconds(pid), time.perf_counter()
    way.send(way.port, size)
    way.speeds.append(size / MIB / (time.perf_counter() - start))
    way.cpu.append((cpu_seconds(pid) - cpu) / (size / (1 << 30)))
    way.memory = max(way.memory, memory(pid, "VmHWM") - rss)


def table(found: list[Way]) -> None:
    base = found[0].speeds
    print(f"{'way':38} {'MiB/s':>7} {'ratio':>6} {'CPU s/GiB':>10} {'memory + MiB':>13}")
    for way in found:
        ratio = statistics.median(mine / one for mine, one in zip(way.speeds, base, strict=True))
        speed, cpu = statistics.median(way.speeds), statistics.median(way.cpu)
        print(f"{way.name:38} {speed:7.0f} {ratio:6.2f} {cpu:10.2f} {way.memory:13}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the files go; its disk is measured too")
    options = parser.parse_args()
    found = ways()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        try:
            for number, way in enumerate(found):
                up(way, Path(folder) / str(number))
            for way in found:
                way.send(way.port, MIB)
            for turn in range(options.rounds):
                start = turn % len(found)  # nobody always comes after the same one
                for way in found[start:] + found[:start]:
                    measure(way, options.size * MIB)
        finally:
            for way in found:
                if way.process is not None:
                    way.process.send_signal(signal.SIGTERM)
                    way.process.wait()
    table(found)


if __name__ == "__main__":
    main()
