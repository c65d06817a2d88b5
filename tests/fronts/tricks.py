"""Requests that two servers might read differently, each with another hidden in it.

``{at}`` is a path of the trick's own, ``{hidden}`` the request that must never be served; the
lines end with CRLF wherever nothing else is said.
"""

from __future__ import annotations

HEAD = "POST {at} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n"
HIDDEN = "GET {at}-hidden HTTP/1.1\r\nHost: {host}\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
LENGTH = "Content-Length: {length}\r\n"
NOTHING = "Content-Length: 0\r\n"
END = "0\r\n\r\n"
PLAIN = "GET {at} HTTP/1.1\r\nHost: {host}\r\n"


def _chunk(of: str) -> str:
    """A POST whose chunks are ``of``."""
    return HEAD + CHUNKED + "\r\n" + of + "{hidden}"


def _form(of: str) -> str:
    """The same for the log-in form, which is read before it is answered."""
    form = _chunk(of).replace("text/plain", "application/x-www-form-urlencoded")
    return form.replace("{at}", "/login", 1)


def _coded(line: str) -> str:
    """A POST with this for its Transfer-Encoding, and a length that says otherwise."""
    return HEAD + line + "\r\n" + LENGTH + "\r\n" + END + "{hidden}"


def _alone(line: str) -> str:
    """A POST with this for its Transfer-Encoding, and no length."""
    return HEAD + line + "\r\n\r\n" + END + "{hidden}"


def _long(length: str) -> str:
    """A POST with this for its Content-Length."""
    return HEAD + f"Content-Length: {length}\r\n\r\n" + "{hidden}"


def _headed(line: str) -> str:
    """A GET with this line among its headers."""
    return PLAIN + line + "\r\n\r\n"


# Each server says no to these before the site hears of them.
REFUSED = {
    "coding in other words": _alone("Transfer-Encoding: xchunked"),
    "coding twice": _alone("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    "coding after chunked": _alone("Transfer-Encoding: chunked, identity"),
    "coding with a vertical tab": _alone("Transfer-Encoding: \x0bchunked"),
    "coding in quotes": _alone('Transfer-Encoding: "chunked"'),
    "coding before a colon and a space": _coded("Transfer-Encoding : chunked"),
    "two lengths": HEAD + LENGTH + NOTHING + "\r\n{hidden}",
    "two lengths in one": _long("0, {length}"),
    "a length below nothing": _long("-1"),
    "a length with a plus": _long("+{length}"),
    "a length in hex": _long("0x10"),
    "a length with a space": _long("1 0"),
    "a length in other digits": _long("١"),
    "a length of letters": _long("ten"),
    "an empty length": _long(""),
    "a NUL in a value": _headed("X-One: a\x00b"),
    "a NUL in a name": _headed("X-O\x00ne: a"),
    "a NUL in the address": "GET {at}\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a bare CR in a value": _headed("X-One: a\rX-Two: b"),
    "a bare CR for a line's end": "GET {at} HTTP/1.1\rHost: {host}\r\r\r\n\r\n",
    "a space before a colon": _headed("X-One : a"),
    "a name with a space": _headed("X One: a"),
    "two hosts": _headed("Host: evil.example"),
    "a method in small letters": "get {at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a method of signs": "G(T {at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "CONNECT": "CONNECT evil.example:443 HTTP/1.1\r\nHost: {host}\r\n\r\n{hidden}",
    "another protocol": "GET {at} FTP/1.1\r\nHost: {host}\r\n\r\n",
    "an address with spaces": "GET {at} x HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a line too long": "GET {at}?" + "x" * 70_000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a header too long": _headed("X-One: " + "x" * 70_000),
    "too many headers": _headed("\r\n".join(f"X-{number}: 1" for number in range(1000))),
    "HTTP/2 in the clear": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}",
}

# Bodies of a form that the site would read; where it does, it says no.
BROKEN_BODIES = {
    "a chunk below nothing": _form("-1\r\nx\r\n" + END),
    "a chunk with a plus": _form("+1\r\nx\r\n" + END),
    "a chunk in 0x": _form("0x1\r\nx\r\n" + END),
    "a chunk of letters": _form("chunk\r\nx\r\n" + END),
    "a chunk longer than it says": _form("1\r\nxyz\r\n" + END),
    "chunks with a newline in an extension": _form("1;x\n\r\nx\r\n" + END),
}

# Some servers take these, others don't; none may serve what is hidden in them.
READ_AS_ONE = {
    "length, then coding": HEAD + LENGTH + CHUNKED + "\r\n" + END + "{hidden}",
    "coding, then length": HEAD + CHUNKED + LENGTH + "\r\n" + END + "{hidden}",
    "coding, and no length": HEAD
    + CHUNKED
    + "Content-Length: 4\r\n\r\n{size:x}\r\n{hidden}\r\n"
    + END,
    "coding in capitals": _coded("TRANSFER-ENCODING: CHUNKED"),
    "coding with a tab": _coded("Transfer-Encoding:\tchunked"),
    "coding with an underscore": _coded("Transfer_Encoding: chunked"),
    "coding twice the same": _coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    "the same length twice": HEAD + LENGTH + LENGTH + "\r\n{hidden}",
    "a length with zeros": _long("000{length}"),
    "chunks with an extension": _chunk("1;x=y\r\nx\r\n" + END).replace("{hidden}", ""),
    "a chunk past counting": _chunk("fffffffffffffffff\r\nx\r\n" + END),
    "chunks that end with LF": _chunk("1\nx\n0\n\n").replace("{hidden}", ""),
    "a trailer": _chunk("1\r\nx\r\n0\r\nContent-Length: 9\r\n\r\n").replace("{hidden}", ""),
    "bare LF for lines' ends": "GET {at} HTTP/1.1\nHost: {host}\n\n",
    "a folded line": _headed("X-One: a\r\n b"),
    "a body for GET": PLAIN + LENGTH + "\r\n{hidden}",
    "a body for HEAD": (PLAIN + LENGTH + "\r\n{hidden}").replace("GET", "HEAD"),
    "a whole address": "GET https://{host}{at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "another's whole address": "GET http://evil.example{at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a body to be continued": HEAD + LENGTH + "Expect: 100-continue\r\n\r\n{hidden}",
    "an upgrade to HTTP/2": _headed(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"
    ),
    "an upgrade to a WebSocket": _headed("Connection: Upgrade\r\nUpgrade: websocket"),
    "a header that is to be dropped": _headed("Connection: Host, Cookie\r\nCookie: a=b"),
    "coding on a folded line": _coded("X-One: 1\r\n Transfer-Encoding: chunked"),
    "coding in HTTP/1.0": _coded("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0", 1),
    "a length past counting": _long("9" * 30),
    "a line without a colon": _headed("X-One"),
    "two spaces before the protocol": "GET {at}  HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "HTTP/3.7": "GET {at} HTTP/3.7\r\nHost: {host}\r\n\r\n",
    "HTTP/1.10": "GET {at} HTTP/1.10\r\nHost: {host}\r\n\r\n",
    "no host": "GET {at} HTTP/1.1\r\n\r\n",
    "TRACE": "TRACE {at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "HTTP/0.9": "GET {at}\r\n\r\n{hidden}",
    "a method of our own": "FRONTDESK {at} HTTP/1.1\r\nHost: {host}\r\n\r\n",
}


def written(trick: str, at: str, host: str) -> bytes:
    """The bytes of it, with its lengths counted."""
    hidden = HIDDEN.format(at=at, host=host)
    length = len(hidden) + (len(END) if END in trick else 0)
    return trick.format(at=at, host=host, hidden=hidden, length=length, size=len(hidden)).encode()
