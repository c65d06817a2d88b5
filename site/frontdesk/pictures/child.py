"""The process that decodes pictures nobody trusts. A program; never imported by the site.

Picture on standard input, order as JSON in the argument; on standard output a line of JSON
with its size and the lengths, then the pictures. Ends with 3 (no picture) or 4 (too large).
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import warnings
from collections.abc import Mapping
from typing import BinaryIO

MIB = 1024 * 1024
LIMITS = {
    resource.RLIMIT_AS: 768 * MIB,
    resource.RLIMIT_CPU: 10,
    resource.RLIMIT_FSIZE: 32 * MIB,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_CORE: 0,
}
for _limit, _value in LIMITS.items():  # before anything is decoded, or even imported
    resource.setrlimit(_limit, (_value, _value))

from PIL import Image, ImageCms, ImageOps  # noqa: E402

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
ORIENTATION, LYING = 0x0112, {5, 6, 7, 8}  # EXIF: what was photographed on its side
MOST_PIXELS = 40_000_000
NOT_A_PICTURE, TOO_LARGE = 3, 4
TOO_MUCH = (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)


def load(file: BinaryIO, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame, upright, RGB or RGBA, without metadata; and the size before a draft."""
    image: Image.Image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    full = image.size
    image.draft("RGB", (side * 2, side * 2))  # a JPEG can be read at half, a quarter, an eighth
    image.load()
    if image.getexif().get(ORIENTATION, 1) in LYING:
        full = full[1], full[0]
    image = ImageOps.exif_transpose(image)
    image = in_colour(image)
    image.info = {}
    return image, full


def in_colour(image: Image.Image) -> Image.Image:
    """sRGB with 8 bits a channel, whatever it was; transparency stays."""
    if image.mode.startswith("I"):  # 16 bits of grey: convert() would cut off, not scale
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "CMYK"}:
        image = from_profile(image, profile)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def from_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours as its colour profile means them; as they stand if that cannot be read."""
    try:
        seen = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, seen, srgb, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image


def resized(image: Image.Image, side: int, square: bool) -> Image.Image:
    """A copy that is at most ``side`` wide and high."""
    side = min(side, min(image.size) if square else max(image.size))
    if square:
        return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return copy


def render(
    file: BinaryIO, sizes: Mapping[str, int], square: bool
) -> tuple[tuple[int, int], dict[str, bytes]]:
    """How large the original is, upright, and the pictures."""
    image, full = load(file, max(sizes.values()))
    pictures = {}
    for name, side in sorted(sizes.items(), key=lambda size: -size[1]):
        image = resized(image, side, square)  # the next one from the one before, much smaller
        out = io.BytesIO()
        image.save(out, "WEBP", quality=82, method=4)
        pictures[name] = out.getvalue()
    return full, pictures


def main(order: str) -> int:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    os.lseek(sys.stdin.fileno(), 0, os.SEEK_SET)
    try:
        (width, height), pictures = render(sys.stdin.buffer, **json.loads(order))
    except TOO_MUCH:
        return TOO_LARGE
    except Exception:  # a decoder may raise anything; all of it means that this is no picture
        return NOT_A_PICTURE
    lengths = {name: len(picture) for name, picture in pictures.items()}
    facts = json.dumps({"width": width, "height": height, "lengths": lengths})
    sys.stdout.buffer.write(facts.encode() + b"\n" + b"".join(pictures.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
