"""Bodies of forms, byte by byte: what browsers send, and what they never would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BOUNDARY = "----------------------------frontdesk"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(fields: Mapping[str, str], files: Sequence[tuple[bytes | str, bytes]]) -> bytes:
    """A form with ``fields``, then ``files``: names as they stand on the wire, and contents."""
    parts = [_part(f'name="{name}"'.encode(), value.encode()) for name, value in fields.items()]
    for name, content in files:
        raw = name.encode() if isinstance(name, str) else name
        parts.append(_part(b'name="the_file"; filename="' + raw + b'"', content))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(label: bytes, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return head + label + b"\r\n\r\n" + content + b"\r\n"
