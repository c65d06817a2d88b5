"""What demo files hold: words, tables, programs, and pictures drawn with Pillow."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageDraw

WORDS = (
    *("engine", "table", "letter", "river", "garden", "window", "bridge", "paper", "lamp"),
    *("winter", "market", "station", "number", "answer", "question", "evening", "silver"),
    *("mountain", "harbour", "little", "between", "under", "again", "always", "never", "slowly"),
)
HUES = ("#1f5f4a", "#b8862f", "#7a3b2e", "#2f4a6d", "#5b4a78", "#3d6b35")


def content(name: str, version: int, chance: Random) -> bytes:
    """The bytes of a file with that name, as its ending says; another version has others."""
    kind = name.rpartition(".")[2]
    if kind in {"png", "jpg", "pdf"}:
        return picture(chance, {"png": "PNG", "jpg": "JPEG", "pdf": "PDF"}[kind])
    if kind == "csv":
        lines = ["name,amount,day"]
        lines += [f"{chance.choice(WORDS)},{chance.randint(1, 900)},{day}" for day in range(1, 21)]
        return "\n".join(lines).encode()
    if kind == "py":
        loop = f"for number in range({version * 7}):\n    print(number)\n"
        return f'"""Version {version}."""\n\n{loop}'.encode()
    said = [sentence(chance) for _ in range(12 + version * 3)]
    title = f"# {name.rpartition('.')[0]}\n\n" if kind == "md" else ""
    return f"{title}{' '.join(said)}\n\nVersion {version}\n".encode()


def sentence(chance: Random) -> str:
    """Some words."""
    return " ".join(chance.sample(WORDS, 7)).capitalize() + "."


def picture(chance: Random, kind: str, size: tuple[int, int] = (640, 420)) -> bytes:
    """A landscape of hills under a sun, or a moon."""
    wide, high = size
    image = Image.new("RGB", size, chance.choice(("#faf7f2", "#dfe8ec", "#2b2f3a")))
    pen = ImageDraw.Draw(image)
    x, y, r = chance.randrange(wide), chance.randrange(high // 3), high // 9
    pen.ellipse((x - r, y - r, x + r, y + r), fill="#e3b657")
    for hue in chance.sample(HUES, 3):
        top = chance.randrange(high // 3, high)
        ridge = [
            (step * wide // 8, top + chance.randrange(-high // 8, high // 8)) for step in range(9)
        ]
        pen.polygon([(0, high), *ridge, (wide, high)], fill=hue)
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def portrait(name: str, chance: Random) -> bytes:
    """A face, more or less: everybody's is another."""
    image = Image.new("RGB", (256, 256), chance.choice(HUES))
    pen = ImageDraw.Draw(image)
    skin = chance.choice(("#f1d3b5", "#d9a577", "#a9714b", "#6b4630"))
    pen.ellipse((48, 190, 208, 350), fill=chance.choice(HUES))
    pen.ellipse((78, 50, 178, 180), fill=skin)
    pen.pieslice(
        (70, 40, 186, 160), 180, 360, fill=chance.choice(("#2a211c", "#6d4a2c", "#8c8c8c"))
    )
    for x in (108, 148):
        pen.ellipse((x - 5, 112, x + 5, 122), fill="#221c18")
    pen.arc((108, 125, 148, 158), 20, 160, fill="#7a3b2e", width=4)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
