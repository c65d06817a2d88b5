"""What a browser complains of: rules broken, errors, and requests to anywhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

REPORT = """document.addEventListener("securitypolicyviolation", (event) => console.error(
  `broke ${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`));"""
REFUSED_PAGE = "Failed to load resource: the server responded with a status of"
# Chromium 156 says so by itself when it is too busy for the fade between two pages (a CSS rule).
NO_FADE = "Transition was aborted"
INSIDE = {"data", "blob", "about"}


class Watch:
    """Watches all pages of a context; :attr:`complaints` is empty if all was well."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.complaints: list[str] = []
        self._host, self._documents = urlsplit(url).netloc, set[str]()
        context.add_init_script(REPORT)
        context.on("console", self._hear)
        context.on("weberror", self._fail)
        context.on("request", self._request)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        where = str(message.location.get("url", ""))
        is_page = message.text.startswith(REFUSED_PAGE) and where in self._documents
        if not is_page:  # Chromium says so of each page that answers 4xx or 5xx
            self.complaints.append(f"{message.type}: {message.text} ({where})")

    def _fail(self, error: WebError) -> None:
        if not str(error.error).startswith(NO_FADE):
            self.complaints.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in INSIDE and parts.netloc != self._host:
            self.complaints.append(f"request to {request.url}")
        if request.is_navigation_request():
            self._documents.add(request.url)
