"""Draws one page of a PDF. A program; never imported by the site.

The PDF is standard input. On standard output a line of JSON with the number of pages and the
picture's size, then the picture as WebP; only the number if there is no such page. Ends with
3 (broken), 4 (too large) or 5 (encrypted).
"""

from __future__ import annotations

import io
import json
import sys

import pypdfium2
from PIL import Image
from pypdfium2 import raw

BROKEN, TOO_LARGE, ENCRYPTED = 3, 4, 5
NEEDS_KEY = {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
SMALLEST = 1.0  # a page may say that it is a thousandth of a point wide


def drawn(document: pypdfium2.PdfDocument, page: int, width: int, height: int) -> Image.Image:
    """The page, as large as fits into that many pixels."""
    sheet = document[page - 1]
    wide, high = (max(SMALLEST, side) for side in sheet.get_size())
    scale = min(width / wide, height / high)
    image: Image.Image = sheet.render(scale=scale).to_pil().convert("RGB")
    return image


def main(page: int, width: int, height: int) -> int:
    try:
        document = pypdfium2.PdfDocument("/dev/stdin")
    except pypdfium2.PdfiumError:
        return ENCRYPTED if raw.FPDF_GetLastError() in NEEDS_KEY else BROKEN
    if page > len(document) > 0:
        sys.stdout.buffer.write(json.dumps({"pages": len(document)}).encode())
        return 0
    try:
        image = drawn(document, page, width, height)
    except (pypdfium2.PdfiumError, IndexError, ValueError):
        return BROKEN
    out = io.BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    facts = {"pages": len(document), "width": image.width, "height": image.height}
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + out.getvalue())
    return 0
