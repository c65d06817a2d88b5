"""A tus client of a few lines, over the test client."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from flask.testing import FlaskClient
from tests.browser import Browser
from tests.files.conftest import token
from werkzeug.test import TestResponse

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"


def metadata(**facts: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in facts.items())


class Tus:
    """One member at one device; afterwards each upload's address is enough."""

    def __init__(self, browser: Browser) -> None:
        self.client: FlaskClient = browser.client
        self.token = token(browser)

    def create(self, length: int | None, filename: str = "a.bin", **more: Any) -> TestResponse:
        facts = {"filename": filename, **more.pop("facts", {})}
        how = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        headers = {**TUS, **how, "Upload-Metadata": metadata(**facts), "X-CSRFToken": self.token}
        return self.client.post("/uploads/", headers=headers | more.pop("headers", {}), **more)

    def begin(self, length: int | None, filename: str = "a.bin", **facts: str) -> str:
        """A new upload's address."""
        answer = self.create(length, filename, facts=facts)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def send(self, filename: str, content: bytes, **facts: str) -> str:
        """A whole file; its upload's address."""
        address = self.begin(len(content), filename, **facts)
        assert patch(self.client, address, 0, content).status_code == 204
        return address


def patch(client: FlaskClient, address: str, at: int, data: bytes, **more: str) -> TestResponse:
    headers = {**TUS, "Upload-Offset": str(at), **{k.replace("_", "-"): v for k, v in more.items()}}
    return client.patch(address, data=data, headers=headers, content_type=OCTETS)


def offset(client: FlaskClient, address: str) -> int:
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200, answer.status
    return int(answer.headers["Upload-Offset"])
