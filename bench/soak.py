"""Mixed load for minutes: does memory stay flat, does anything fail, what grows?

Log-ins, pages, forms, resumable uploads, ranges, search, the bin and the admin's pages, from many
clients at once. A figure asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from measure import family
from servers import served
from tests.faults.people import Member

ADMIN = ("/admin/", "/admin/people", "/admin/log", "/admin/space", "/admin/health")
TRIES = ("LOGIN_TRIES", "LOGIN_TRIES_PER_ADDRESS", "LOGIN_TRIES_PER_NAME")
PAGES = ("/", "/hello/", "/path/", "/upload", "/profile", "/help", "/bin")


class Load:
    """What all clients together did."""

    def __init__(self, server: served.Server) -> None:
        self.server, self.over = server, threading.Event()
        self.took: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()

    def client(self, number: int) -> None:
        chance, member = random.Random(number), Member.at(self.server)
        deeds: list[tuple[str, Callable[[], int]]] = [
            ("log-in", lambda: log_in(self.server.port)),
            *[("page", lambda: member.get(chance.choice(PAGES)).status)] * 6,
            *[("admin", lambda: member.get(chance.choice(ADMIN)).status)] * 2,
            *[("search", lambda: search(member, f"{number}-{chance.randrange(50)}"))] * 2,
            ("form, range, bin", lambda: form(member, chance, number)),
            ("tus", lambda: tus(member, chance, number)),
        ]
        while not self.over.is_set():
            kind, do = chance.choice(deeds)
            began = time.perf_counter()
            try:
                status = do()
                if status >= 400:
                    self.errors[f"{kind}: {status}"] += 1
            except Exception as error:
                self.errors[f"{kind}: {type(error).__name__}"] += 1
            self.took[kind].append(time.perf_counter() - began)


def log_in(port: int) -> int:
    visitor = served.Visitor(port)
    visitor.log_in()
    return visitor.submit("/logout", "logout").status


def form(member: Member, chance: random.Random, number: int) -> int:
    """A file comes, a part of it goes out, it is deleted, brought back, deleted and removed."""
    name, data = f"{number}-{chance.randrange(50)}.bin", os.urandom(chance.randrange(1, 500_000))
    id = member.keep(name, data)
    begin = chance.randrange(len(data))
    part = member.get(f"/path/{name}?download=1", Range=f"bytes={begin}-{begin + 99}")
    if (part.status, part.body) != (206, data[begin : begin + 100]):
        raise ValueError(f"a range of {part.status}")
    return max(member.change(id, verb).status for verb in ("delete", "undo", "delete", "remove"))


def search(member: Member, key: str) -> int:
    """Where all are told apart: what is found has the word in its name."""
    answer = member.get(f"/path/?key={key}", Accept="application/json")
    found = [one["name"] for one in json.loads(answer.body)["files"]]
    if not all(key in name for name in found):
        raise ValueError(f"{key} finds {found}")
    return answer.status


def tus(member: Member, chance: random.Random, number: int) -> int:
    data = os.urandom(chance.randrange(1, 2_000_000))
    address = member.begin(f"{number}-tus.bin", len(data)).headers["Location"]
    middle = len(data) // 2
    member.patch(address, 0, data[:middle])
    return member.patch(address, middle, data[middle:]).status


def facts(server: served.Server) -> str:
    """MiB, descriptors and threads of each process, and KiB of the database and its log."""
    words = []
    for pid in family(server.process.pid):
        status = Path(f"/proc/{pid}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0]) // 1024
        threads = status.split("Threads:")[1].split()[0]
        count = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        words.append(f"{memory} MiB {count} fd {threads} thr")
    for name in ("frontdesk.db", "frontdesk.db-wal"):
        path = server.folder / "instance" / name
        words.append(f"{path.stat().st_size >> 10 if path.exists() else 0} KiB")
    return " | ".join(words)


def told(load: Load) -> None:
    for kind, took in sorted(load.took.items()):
        cuts = [1000 * cut for cut in statistics.quantiles(took, n=100)] if len(took) > 1 else []
        shown = " ".join(f"{cuts[at]:7.0f}" for at in (49, 94, 98)) if cuts else ""
        print(f"{kind:20} {len(took):8} {shown} {1000 * max(took):7.0f}")
    print("errors:", dict(load.errors) or "none")


def refused(said: str) -> list[str]:
    """The log's lines on what went wrong, and those requests that took longest."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    wrong = [json.dumps(line)[:1500] for line in lines if line.get("level") in {"error", "warning"}]
    slow = sorted(lines, key=lambda line: line.get("ms", 0))[-20:]
    return wrong[:20] + [json.dumps(line) for line in slow]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--clients", type=int, default=12)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        served.add_member(Path(folder))
        server = served.start(Path(folder), **dict.fromkeys(TRIES, 1_000_000))
        load, began = Load(server), time.monotonic()
        clients = [threading.Thread(target=load.client, args=[n]) for n in range(asked.clients)]
        try:
            for one in clients:
                one.start()
            while (at := time.monotonic() - began) < asked.seconds:
                print(f"{at:5.0f} s: {facts(server)}", flush=True)
                load.over.wait(asked.seconds / 12)
        finally:
            load.over.set()
            for one in clients:
                one.join()
            print(f"{at:5.0f} s: {facts(server)}", flush=True)
            server.stop()
        told(load)
        print(*refused(server.said), sep="\n")


if __name__ == "__main__":
    main()
