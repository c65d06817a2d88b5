"""Pages while 20 people log in at once, again and again: `python bench/logins.py`.

One member asks for their first page on a kept connection, in turns with and without the others;
Frontdesk runs as `make run` starts it (2 x 64 threads), with argon2 at its real work. The goal:
pages are answered all the while, and no log-in is refused.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Way
from servers import log_in, served
from slow import nothing, site

AT_ONCE = 20
OTHER = "bob"  # a member keeps 20 log-ins; Alice's would be among those that end


def with_another(way: Way) -> list[str]:
    command = site(way)
    served.add_member(way.folder, OTHER)
    # A try counts until it was right, and here 20 of one name are under way from one address.
    way.environ = {**way.environ, "FRONTDESK_LOGIN_TRIES": "100"}
    return command


@contextmanager
def log_ins(way: Way, said: Counter[int]) -> Iterator[None]:
    """So many people, each a new device as soon as the last one is in."""
    stop = threading.Event()
    people = [threading.Thread(target=arrive, args=[way, stop, said]) for _ in range(AT_ONCE)]
    for person in people:
        person.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        for person in people:
            person.join()


def arrive(way: Way, stop: threading.Event, said: Counter[int]) -> None:
    answers = {"username": OTHER, "password": served.PASSWORD}
    while not stop.is_set():
        said[served.Visitor(way.port).submit("/login", "login", **answers).status] += 1


def pages(way: Way, seconds: float) -> list[float]:
    """How long each page took, in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=30)
    took, ends = [], time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        connection.request("GET", "/hello/", headers=way.facts["visitor"].cookie)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        took.append((time.monotonic() - began) * 1000)
    connection.close()
    return took


def measure(way: Way, rounds: int, seconds: float) -> None:
    alone: list[float] = []
    beside: list[float] = []
    said: Counter[int] = Counter()
    spent = 0.0
    for _ in range(rounds):
        alone += pages(way, seconds)
        began = time.monotonic()
        with log_ins(way, said):
            beside += pages(way, seconds)
        spent += time.monotonic() - began
    for name, took in (("alone", alone), (f"beside {AT_ONCE} log-ins at once", beside)):
        last = statistics.quantiles(took, n=20)[-1]
        rate = len(took) / rounds / seconds
        print(f"{name:32} {rate:8.0f} {statistics.median(took):8.1f} {last:8.1f} {max(took):8.1f}")
    others = ", ".join(f"{count} of {status}" for status, count in said.items() if status != 303)
    print(f"log-ins a second: {said[303] / spent:.1f}; refused: {others or 0}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    told = parser.parse_args()
    print(f"{'pages':32} {'a second':>8} {'median':>8} {'95 %':>8} {'worst':>8}  (ms)")
    with tempfile.TemporaryDirectory() as folder:
        way = Way("Frontdesk", with_another, nothing, log_in)
        try:
            way.up(Path(folder) / "site")
            measure(way, told.rounds, told.seconds)
        finally:
            way.down()


if __name__ == "__main__":
    main()
