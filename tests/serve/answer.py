"""What the real server said."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

from bs4 import BeautifulSoup


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def html(self) -> BeautifulSoup:
        return BeautifulSoup(self.body, "html.parser")

    @property
    def title(self) -> str:
        return " ".join(self.html.h1.get_text().split()) if self.html.h1 else ""

    @property
    def problems(self) -> list[str]:
        return [" ".join(one.get_text().split()) for one in self.html.select("#error-summary li")]
