"""A program that shows a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Program:
    """Asks with a token, and keeps no cookie."""

    client: FlaskClient
    secret: str

    def ask(self, method: str, address: str, data: bytes | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.open(address, method=method, data=data, headers=sent, buffered=True)
        assert "Set-Cookie" not in answer.headers
        return answer

    def put(self, address: str, data: bytes = b"content", **headers: str) -> TestResponse:
        answer: TestResponse = self.ask("PUT", address, data, **headers)
        return answer

    def bytes_of(self, address: str) -> bytes:
        answer = self.ask("GET", f"{address}?download=1")
        assert answer.status_code == 200
        return bytes(answer.data)


def says(answer: TestResponse, status: int, words: str = "") -> None:
    """A refusal that a program can read."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status and words in answer.json["detail"], answer.text
