"""Header fields: strict about what is counted, lenient about what is only passed on."""

import base64
import binascii
import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from ..errors import malformed
from .commands import Checksum, Part

MAX_NUMBER = 2**63 - 1
MAX_METADATA, MAX_KEYS, MAX_PARTS = 8192, 64, 128
_KEY = re.compile(r"[!-+\--~]+")
_DIGEST = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*(?:;[^,]*)?")
_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64}


def number(value: str | None, name: str) -> int | None:
    """A whole number that fits a file: digits only, no sign, no `1_000`, no Arabic digits.

    :raise Refused: 400
    """
    if value is None:
        return None
    text = value.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > MAX_NUMBER:
        raise malformed(name)
    return int(text)


def boolean(value: str | None, name: str) -> bool | None:
    """A Boolean of RFC 9651 §3.3.6: `?1` or `?0`."""
    if value is None:
        return None
    if (text := value.split(";")[0].strip()) not in ("?1", "?0"):
        raise malformed(name)
    return text == "?1"


def b64(value: str, name: str) -> bytes:
    """Strict base64; missing padding is forgiven."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise malformed(name) from None


def metadata(value: str | None) -> dict[str, str]:
    """tus `Upload-Metadata`: pairs of an ASCII key and a base64 value, separated by commas."""
    if not value:
        return {}
    pairs = [pair.split() for pair in value.split(",") if pair.strip()]
    if len(value) > MAX_METADATA or len(pairs) > MAX_KEYS:
        raise malformed("Upload-Metadata")
    found: dict[str, str] = {}
    for pair in pairs:
        if not _KEY.fullmatch(pair[0]) or len(pair) > 2 or pair[0] in found:
            raise malformed("Upload-Metadata")
        raw = b64(pair[1], "Upload-Metadata") if len(pair) == 2 else b""
        found[pair[0]] = raw.decode("utf-8", "replace")
    return found


def checksum(value: str | None) -> Checksum | None:
    """tus `Upload-Checksum`: `sha1 BASE64`; a mismatch will be 460."""
    if value is None:
        return None
    algorithm, _, encoded = value.strip().partition(" ")
    if algorithm not in ("sha1", "sha256"):
        raise malformed("Upload-Checksum")
    return _sized(Checksum(algorithm, b64(encoded.strip(), "Upload-Checksum"), 460))


def digest(value: str | None, name: str) -> Checksum | None:
    """`Content-Digest` or `Repr-Digest` (RFC 9530 §2, §3): the first one that we can compute."""
    known = {"sha-256": "sha256", "sha-512": "sha512"}
    for algorithm, encoded in _DIGEST.findall(value or ""):
        if algorithm in known:
            return _sized(Checksum(known[algorithm], b64(encoded, name), 400))
    return None


def _sized(found: Checksum) -> Checksum:
    if len(found.value) != _SIZES[found.algorithm]:
        raise malformed("checksum")
    return found


def parts(value: str) -> tuple[Part, ...]:
    """tus `Upload-Concat: final;ADDRESS ADDRESS …`; each address carries its upload's key."""
    addresses = value.removeprefix("final;").split()
    if not addresses or len(addresses) > MAX_PARTS:
        raise malformed("Upload-Concat")
    found = tuple(_part(address) for address in addresses)
    if len({part.id for part in found}) < len(found):
        raise malformed("Upload-Concat")
    return found


def _part(address: str) -> Part:
    try:
        url = urlsplit(address)
        part_id = UUID(url.path.rstrip("/").rpartition("/")[2])
    except ValueError:
        raise malformed("Upload-Concat") from None
    return Part(part_id, parse_qs(url.query).get("key", [""])[0], address)
