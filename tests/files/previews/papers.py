"""PDFs for tests, made by hand: kind ones, and such as nobody should open."""

from __future__ import annotations

import zlib


def pdf(*objects: bytes, size: int = 0, root: int = 1, more: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    count = size or len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    trailer = b"trailer\n<</Size %d/Root %d 0 R%s>>\n" % (count, root, more)
    return bytes(out) + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def stream(data: bytes, *entries: bytes) -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), b"".join(entries), data)


def paper(pages: int = 1, box: bytes = b"0 0 200 100", content: bytes = b"", more: bytes = b""
          ) -> bytes:  # fmt: skip
    """So many pages; each draws ``content``, or nothing."""
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    sheet = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 3 0 R>>" % box
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R%s>>" % more,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        stream(content),
        *[sheet] * pages,
    )


def red_left() -> bytes:
    """One page: red on the left, white on the right."""
    return paper(content=b"1 0 0 rg 0 0 100 100 re f")


def encrypted() -> bytes:
    """A PDF that says it needs a password."""
    key = b"00" * 32
    lock = b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (key, key)
    kids = b"<</Type/Pages/Count 1/Kids[4 0 R]>>"
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        kids,
        lock,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        more=b"/Encrypt 3 0 R/ID[<%s><%s>]" % (key, key),
    )


def image_bomb() -> bytes:
    """A page with a picture of 30,000 × 30,000 pixels, in a few hundred kilobytes."""
    data = zlib.compress(bytes(30_000 * 30_000 // 8), 9)
    picture = stream(
        data,
        b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/BitsPerComponent 8"
        b"/ColorSpace/DeviceRGB/Filter/FlateDecode",
    )
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        stream(b"100 0 0 100 0 0 cm /I Do"),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 3 0 R"
        b"/Resources<</XObject<</I 5 0 R>>>>>>",
        picture,
    )


def endless() -> bytes:
    """A page whose pattern draws itself, over and over, in a form that draws forms."""
    names = [b"/F%d" % depth for depth in range(12)]
    forms = []
    for depth, name in enumerate(names):
        inner = names[depth + 1] + b" Do " if depth + 1 < len(names) else b"0 0 9 9 re f "
        number = 5 + depth + 1
        resources = b"/Resources<</XObject<<%s %d 0 R>>>>" % (names[(depth + 1) % 12], number)
        kind = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]"
        forms.append(stream(inner * 12, kind, resources if depth + 1 < len(names) else b""))
        del name
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        stream(b"/F0 Do " * 12),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 3 0 R"
        b"/Resources<</XObject<</F0 5 0 R>>>>>>",
        *forms,
    )
