"""What becomes of the pictures that people send, kind and unkind."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from frontdesk.pictures import NotAPicture, PictureTooLarge, render

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., dict[str, Image.Image]]:
    """Render bytes; the pictures by name, as a browser would read them."""

    def render_bytes(
        data: bytes, sizes: dict[str, int] | None = None, square: bool = False
    ) -> dict[str, Image.Image]:
        source = tmp_path / "source"
        source.write_bytes(data)
        made = render(source, sizes or {"1.0": 64}, square)
        return {name: Image.open(io.BytesIO(picture)) for name, picture in made.items()}

    return render_bytes


def drawn(
    kind: str, size: tuple[int, int] = (200, 100), mode: str = "RGB", **more: object
) -> bytes:
    """A picture: left half red, right half blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **more)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG header of that size, and a few zero bytes for a picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return pixel[0] > 200 and pixel[1] < 60 and pixel[2] < 60


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_kind_becomes_webp_of_each_size(send, kind: str) -> None:
    made = send(drawn(kind), {"1.0": 64, "2.0": 128})
    assert {name: (one.format, one.size) for name, one in made.items()} == {
        "1.0": ("WEBP", (64, 32)),
        "2.0": ("WEBP", (128, 64)),
    }
    assert is_red(made["1.0"].convert("RGB").getpixel((5, 15)))


def test_square_takes_the_middle(send) -> None:
    middle = send(drawn("PNG"), {"a": 50}, square=True)["a"].convert("RGB")
    assert middle.size == (50, 50)
    assert is_red(middle.getpixel((5, 25))) and not is_red(middle.getpixel((45, 25)))


def test_a_small_picture_is_not_blown_up(send) -> None:
    assert send(drawn("PNG", (20, 10)))["1.0"].size == (20, 10)
    assert send(drawn("PNG", (20, 10)), square=True)["1.0"].size == (10, 10)
    assert send(drawn("PNG", (1, 1)))["1.0"].size == (1, 1)


def test_a_long_thin_picture_keeps_a_pixel(send) -> None:
    assert send(drawn("PNG", (3000, 2)))["1.0"].size == (64, 1)


def test_where_it_was_taken_is_gone_and_it_stands_upright(send) -> None:
    exif = Image.Exif()
    exif[MAKER] = "SECRET-CAMERA"
    exif[ORIENTATION] = 6  # turned by a quarter: the left half belongs on top
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (48.0, 51.0, 29.6)
    sent = drawn("JPEG", exif=exif.tobytes(), comment=b"SECRET-COMMENT")
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(GPS)  # the test sends what it means to
    made = send(sent)["1.0"]
    assert made.size == (32, 64)
    assert is_red(made.convert("RGB").getpixel((15, 5)))
    assert not made.getexif() and not {"exif", "xmp", "icc_profile"} & made.info.keys()


def test_no_text_of_the_original_survives(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Author", "SECRET-AUTHOR")
    source = tmp_path / "source"
    source.write_bytes(drawn("PNG", pnginfo=text) + b"SECRET-TAIL<script>")
    made = render(source, {"a": 1000}, square=False)["a"]
    assert b"SECRET" not in made


def test_transparency_stays(send) -> None:
    image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    assert send(out.getvalue())["1.0"].convert("RGBA").getpixel((5, 5))[3] == 0


def test_of_an_animation_the_first_frame_is_shown(send) -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "lime", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)
    made = send(out.getvalue())["1.0"]
    assert getattr(made, "n_frames", 1) == 1
    assert is_red(made.convert("RGB").getpixel((5, 5)))


def test_a_picture_for_print_keeps_its_colours(send) -> None:
    assert is_red(send(drawn("JPEG", mode="CMYK"))["1.0"].convert("RGB").getpixel((5, 15)))


def test_sixteen_bits_of_grey_are_scaled(send) -> None:
    image = Image.new("I;16", (100, 100), 32768)
    out = io.BytesIO()
    image.save(out, "PNG")
    grey = send(out.getvalue())["1.0"].convert("RGB").getpixel((5, 5))
    assert all(120 <= value <= 136 for value in grey)


def test_a_broken_colour_profile_does_no_harm(send) -> None:
    assert is_red(
        send(drawn("PNG", icc_profile=b"junk" * 50))["1.0"].convert("RGB").getpixel((5, 5))
    )


def test_a_colour_profile_is_used_and_left_out(send) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = send(drawn("PNG", icc_profile=profile))["1.0"]
    assert is_red(made.convert("RGB").getpixel((5, 15))) and "icc_profile" not in made.info


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"this is a text that is called photo.jpg",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file\n",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0" + bytes(100),
    ],
)
def test_what_is_no_picture_is_named_so(send, data: bytes) -> None:
    with pytest.raises(NotAPicture):
        send(data)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "TGA", "PPM"])
def test_other_kinds_are_not_even_tried(send, kind: str) -> None:
    with pytest.raises(NotAPicture):
        send(drawn(kind, (32, 32)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_none(send, kind: str) -> None:
    image = Image.effect_noise((200, 200), 90)
    out = io.BytesIO()
    image.save(out, kind)
    with pytest.raises(NotAPicture):
        send(out.getvalue()[: len(out.getvalue()) // 2])


@pytest.mark.parametrize(
    ("width", "height"), [(40_001, 1000), (9000, 9000), (65_000, 65_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_refused_by_what_it_claims(send, width: int, height: int) -> None:
    with pytest.raises(PictureTooLarge):
        send(png_that_claims(width, height))


def test_a_real_bomb_of_a_few_kilobytes_is_refused(send) -> None:
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG", optimize=True)
    assert len(bomb.getvalue()) < 50_000
    with pytest.raises(PictureTooLarge):
        send(bomb.getvalue())


def test_a_gif_whose_frame_is_larger_than_its_screen_is_refused(send) -> None:
    screen = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65_000, 65_000, 0) + b"\x02\x02\x4c\x01\x00;"
    with pytest.raises((PictureTooLarge, NotAPicture)):
        send(screen + frame)


def test_forty_megapixels_are_taken(send) -> None:
    assert send(drawn("PNG", (8000, 5000)))["1.0"].size == (64, 40)


def test_a_decoder_that_eats_memory_or_time_is_stopped(
    send, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for harm in ("bytearray(2 << 30)", "while True: pass", "import time; time.sleep(60)"):
        hostile = (Path(render.__code__.co_filename).with_name("child.py")).read_text()
        inside = f"    try:\n        {harm}\n"
        hostile = hostile.replace("    try:\n        (width", inside + "        (width")
        (tmp_path / "child.py").write_text(hostile.replace("RLIMIT_CPU: 10", "RLIMIT_CPU: 1"))
        monkeypatch.setattr("frontdesk.pictures.CHILD", tmp_path / "child.py")
        monkeypatch.setattr("frontdesk.pictures.SECONDS", 3)
        with pytest.raises(PictureTooLarge):
            send(drawn("PNG"))


def test_the_decoder_knows_no_secret(send, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = (
        "import os, sys, json; lengths = {name: 0 for name in os.environ};"
        "sys.stdout.write(json.dumps({'lengths': lengths, 'width': 1, 'height': 1}))"
    )
    (tmp_path / "child.py").write_text(spy)
    monkeypatch.setattr("frontdesk.pictures.CHILD", tmp_path / "child.py")
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", "secret")
    (tmp_path / "source").write_bytes(b"x")
    assert set(render(tmp_path / "source", {"a": 1}, square=False)) <= {"LC_CTYPE"}


def test_a_link_in_place_of_the_picture_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(drawn("PNG"))
    (tmp_path / "source").symlink_to(tmp_path / "real")
    with pytest.raises(OSError):
        render(tmp_path / "source", {"a": 1}, square=False)


def test_an_open_file_will_do(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(drawn("PNG"))
    with (tmp_path / "source").open("rb") as file:
        file.read(10)
        assert render(file, {"a": 10}, square=True)["a"].startswith(b"RIFF")
