"""Files of each kind that a page can show, and some that it can't."""

from __future__ import annotations

import io
import math
import struct
import wave

from tests.files.previews import papers

CODE = b'''"""Greets."""
import sys  # for argv


class Desk(object):
    @property
    def bell(self) -> str:
        return f"ring {self.count:>3} \\n" if self.count > 0x1F else None
'''
TROJAN = "if x != 'a\u202e\u2066': # b\u2069\n    grant()\x07\n".encode()
MARKUP = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><!-- no --></svg>\n"
CHANGE = b"--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n"
PROSE = b"""# Minutes

#### Present

Ada, **Ben** and *Cleo*, see [the list](https://example.com/a-very-long-address-without-a-break).

1. Roof
2. Boiler

> It rains in.

| Item | Sum |
|------|-----|
| Roof | 1200 |

```
an example with a line that is much too long for a narrow window, so that it has to be broken
```

![The roof](https://example.com/roof.png) ~~Done.~~
"""
ROWS = "Name,Born,Town,Sum\n" + "".join(
    f'Person {n},19{n % 90 + 10}-03-11,"Town, {n}",{n * 13.5:.2f}\n' for n in range(130)
)
WIDE = ";".join(f"column number {n}" for n in range(40)) + "\n" + ";".join(["x"] * 40) + "\n"


def _sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(8_000)
        waves = (int(8_000 * math.sin(step / 5)) for step in range(8_000))
        tone.writeframes(b"".join(struct.pack("<h", height) for height in waves))
    return out.getvalue()


LOOKS = {
    "code.py": CODE,
    "trojan.py": TROJAN,
    "drawing.svg": MARKUP,
    "change.diff": CHANGE,
    "long.txt": b"word " * 60_000,
    "chinese.txt": "你好，世界。这是一段中文。\n".encode("gb18030"),
    "minutes.md": PROSE,
    "table.csv": ROWS.encode(),
    "wide.csv": WIDE.encode(),
    "paper.pdf": papers.paper(3, content=b"0.1 0.4 0.3 rg 20 20 60 60 re f"),
    "broken.pdf": b"%PDF-1.7\nnothing",
    "locked.pdf": papers.encrypted(),
    "broken.png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "sound.wav": _sound(),
    "film.webm": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(99),
    "archive.zip": b"PK\3\4" + bytes(99),
}
