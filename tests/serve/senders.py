"""Who sends files while the server is killed, remembers what it acknowledged, and goes on after."""

from __future__ import annotations

import hashlib
import http.client
import json
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from tests.files.tus import OCTETS, TUS, metadata
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.answer import Answer
from tests.serve.conftest import Visitor

MIB = 1 << 20


@dataclass
class Sender:
    """One file and one way to send it. ``done`` is what the server said, and so must be true."""

    visitor: Visitor
    token: str
    name: str
    data: bytes
    done: bool = False
    resumes = False

    def go(self) -> None:
        """Send until all is there, or the server dies."""
        with suppress(OSError, http.client.HTTPException):
            self.send()

    def send(self) -> None:
        raise NotImplementedError

    def look(self) -> None:
        """After a crash: what was acknowledged must be there."""
        if self.done:
            found = self.visitor.ask("GET", f"/path/{quote(self.name)}?download=1")
            assert found.status == 200, f"{self.name} was acknowledged, and is {found.status}"
            assert found.body == self.data, f"{self.name} is not what was sent"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Form(Sender):
    """By the ordinary form; one that was cut off begins anew."""

    accept = "text/html"

    def send(self) -> None:
        body = multipart({"csrf_token": self.token}, [(self.name, self.data)])
        headers = {"Content_Type": CONTENT_TYPE, "Accept": self.accept}
        answer = self.visitor.ask("POST", "/upload", body, **headers)
        self.accept_answer(answer)

    def accept_answer(self, answer: Answer) -> None:
        assert answer.status == 303, answer
        self.done = True


class Program(Form):
    """The same, asking for JSON."""

    accept = "application/json"

    def accept_answer(self, answer: Answer) -> None:
        assert answer.status == 201, answer
        (file,) = json.loads(answer.body)
        assert (file["size"], file["sha256"]) == (len(self.data), self.sha256)
        self.done = True


@dataclass
class Put(Sender):
    """What `curl -T` does, with a token instead of a log-in."""

    secret: str = ""

    def send(self) -> None:
        program = Visitor(self.visitor.port)
        bearer = f"Bearer {self.secret}"
        answer = program.ask("PUT", f"/path/{self.name}", self.data, Authorization=bearer)
        assert answer.status == 201, answer
        self.done = True


@dataclass
class Tus(Sender):
    """In pieces of ``step`` bytes; after a crash it goes on where the server says."""

    step: int = 64 * 1024
    address: str = ""
    acknowledged: int = 0
    more: dict[str, str] = field(default_factory=dict)
    resumes = True

    def send(self) -> None:
        if not self.address:
            self.create()
        while self.acknowledged < len(self.data):
            at = self.acknowledged
            headers = {**TUS, "Upload-Offset": str(at), "Content-Type": OCTETS}
            piece = self.data[at : at + self.step]
            answer = self.visitor.ask("PATCH", self.address, piece, **headers)
            assert answer.status == 204, answer
            self.acknowledged = int(answer.headers["Upload-Offset"])
        self.done = True

    def create(self) -> None:
        headers = {**TUS, **self.more, "Upload-Length": str(len(self.data))}
        headers |= {"Upload-Metadata": metadata(filename=self.name), "X-CSRFToken": self.token}
        answer = self.visitor.ask("POST", "/uploads/", **headers)
        assert answer.status == 201, answer
        self.address = answer.headers["Location"]

    def look(self) -> None:
        if self.address:
            answer = self.visitor.ask("HEAD", self.address, **TUS)
            assert answer.status == 200, answer
            offset = int(answer.headers["Upload-Offset"])
            assert offset >= self.acknowledged, f"{self.acknowledged - offset} bytes lost"
            assert offset <= len(self.data)
            self.acknowledged = offset
            self.done = offset == len(self.data)
        self.look_at_file()

    def look_at_file(self) -> None:
        super().look()


class Part(Tus):
    """One that becomes no file of its own."""

    def look_at_file(self) -> None:
        pass


@dataclass
class Parts(Sender):
    """Two parts that are put together (tus, concatenation)."""

    resumes = True

    def __post_init__(self) -> None:
        half, partial = len(self.data) // 2, {"Upload-Concat": "partial"}
        self.parts = [
            Part(self.visitor, self.token, self.name, data, step=2 * MIB, more=partial)
            for data in (self.data[:half], self.data[half:])
        ]

    def send(self) -> None:
        for part in self.parts:
            part.send()
        whole = " ".join(part.address for part in self.parts)
        headers = {**TUS, "Upload-Concat": f"final;{whole}", "X-CSRFToken": self.token}
        headers["Upload-Metadata"] = metadata(filename=self.name)
        answer = self.visitor.ask("POST", "/uploads/", **headers)
        assert answer.status == 201, answer
        self.done = True

    def look(self) -> None:
        for part in self.parts:
            part.look()
        super().look()


def crowd(visitor: Visitor, token: str, secret: str, chance: Random, number: int) -> list[Sender]:
    """Some of each kind, each with a file of its own."""
    sizes = {"form": 6, "program": 12, "put": 12, "pieces": 2, "steps": 8, "whole": 24, "parts": 6}

    def facts(name: str) -> tuple[Visitor, str, str, bytes]:
        device = Visitor(visitor.port, dict(visitor.cookies))
        data = chance.randbytes(chance.randrange(1, sizes[name] * MIB))
        return device, token, f"{name}-{number}.bin", data

    return [
        Form(*facts("form")),
        Program(*facts("program")),
        Put(*facts("put"), secret=secret),
        Tus(*facts("pieces"), step=64 * 1024),
        Tus(*facts("steps"), step=3 * MIB),
        Tus(*facts("whole"), step=100 * MIB),
        Parts(*facts("parts")),
    ]
