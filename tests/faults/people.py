"""Somebody who sends in every way, and remembers what each answer promised."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from tests.files.tus import OCTETS, TUS, metadata
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.answer import Answer
from tests.serve.conftest import Server, Visitor


@dataclass
class Member:
    """Alice at one device; all that a form needs was fetched while all was well."""

    visitor: Visitor
    csrf: str
    secret: str

    @classmethod
    def at(cls, server: Server, name: str = "alice") -> Member:
        visitor = Visitor(server.port)
        visitor.log_in(name)
        return cls(visitor, visitor.token(), visitor.make_token())

    def get(self, address: str, **headers: str) -> Answer:
        return self.visitor.ask("GET", address, **headers)

    def holds(self, name: str, data: bytes) -> bool:
        """Whether the file is there, byte for byte."""
        answer = self.get(f"/path/{quote(name)}?download=1")
        assert answer.status in {200, 404}, answer
        assert answer.status == 404 or answer.body == data, f"{name} is not what was sent"
        return answer.status == 200

    def form(self, name: str, data: bytes, accept: str = "text/html") -> Answer:
        """Send the upload's form."""
        body = multipart({"csrf_token": self.csrf}, [(name, data)])
        return self.visitor.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE, Accept=accept)

    def put(self, name: str, data: bytes) -> Answer:
        """What `curl -T` does."""
        program, bearer = Visitor(self.visitor.port), f"Bearer {self.secret}"
        return program.ask("PUT", f"/path/{name}", data, Authorization=bearer)

    def begin(self, name: str, length: int) -> Answer:
        """Create a resumable upload; its address is the Location."""
        facts = {"Upload-Length": str(length), "Upload-Metadata": metadata(filename=name)}
        return self.visitor.ask("POST", "/uploads/", **TUS, **facts, **{"X-CSRFToken": self.csrf})

    def patch(self, address: str, at: int, data: bytes | Iterable[bytes], **headers: str) -> Answer:
        """Send a piece of it."""
        facts = {"Upload-Offset": str(at), "Content-Type": OCTETS}
        return self.visitor.ask("PATCH", address, data, **TUS, **facts, **headers)

    def offset(self, address: str) -> int:
        answer = self.visitor.ask("HEAD", address, **TUS)
        assert answer.status == 200, answer
        return int(answer.headers["Upload-Offset"])

    def resume(self, address: str, data: bytes) -> None:
        """Go on from where the server says, until all is there."""
        if (at := self.offset(address)) < len(data):
            assert self.patch(address, at, data[at:]).status == 204
        assert self.offset(address) == len(data)

    def keep(self, name: str, data: bytes) -> str:
        """A file that is there; its id."""
        answer = self.form(name, data, accept="application/json")
        assert answer.status == 201, answer
        return str(json.loads(answer.body)[0]["id"])

    def change(self, id: str, verb: str) -> Answer:
        """Send one of the forms of a file: delete, undo or remove."""
        body = f"csrf_token={quote(self.csrf)}".encode()
        kind = "application/x-www-form-urlencoded"
        return self.visitor.ask("POST", f"/file/{id}/change/{verb}", body, Content_Type=kind)
