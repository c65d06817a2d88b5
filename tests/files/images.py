"""Pictures for tests: kind ones, and such as nobody should open."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

CAMERA, GPS = b"ACME Phone 12", 0x8825
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def drawn(kind: str = "PNG", size: tuple[int, int] = (800, 400), **more: object) -> bytes:
    """A picture, red on the left and blue on the right."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def photo() -> bytes:
    """A JPEG that says which camera took it, and where."""
    exif = Image.Exif()
    exif[0x010F] = CAMERA.decode()
    exif[GPS] = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    return drawn("JPEG", exif=exif)


def animation() -> bytes:
    """A GIF of three frames, the first one red."""
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def opened(data: bytes) -> Image.Image:
    """A picture as a browser reads it."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
