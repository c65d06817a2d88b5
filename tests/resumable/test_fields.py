"""Header fields: what is accepted, and what is 400."""

import base64

import pytest

from flask_resumable import Refused
from flask_resumable.protocol import fields


@pytest.mark.parametrize(
    "text, value", [("0", 0), (" 17 ", 17), ("9223372036854775807", 2**63 - 1)]
)
def test_numbers(text: str, value: int) -> None:
    assert fields.number(text, "x") == value


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.0", "1e3", "0x10", "1_000", "٣", "1 2", "9223372036854775808", "9" * 500],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Refused) as refused:
        fields.number(text, "Upload-Offset")
    assert refused.value.status == 400


@pytest.mark.parametrize("text, value", [("?1", True), ("?0", False), (" ?1;a=b", True)])
def test_booleans(text: str, value: bool) -> None:
    assert fields.boolean(text, "x") is value


@pytest.mark.parametrize("text", ["1", "true", "?2", ""])
def test_what_is_no_boolean(text: str) -> None:
    with pytest.raises(Refused):
        fields.boolean(text, "x")


def test_metadata() -> None:
    name = base64.b64encode("тест.pdf".encode()).decode()
    assert fields.metadata(f"filename {name},empty, ,is_confidential ") == {
        "filename": "тест.pdf",
        "empty": "",
        "is_confidential": "",
    }


def test_metadata_that_is_no_text_is_still_taken() -> None:
    assert fields.metadata("x " + base64.b64encode(b"\xff\x00").decode()) == {"x": "\ufffd\x00"}


@pytest.mark.parametrize(
    "said",
    [
        "a !!!",
        "a b c",
        "ä eA==",
        "a eA==,a eA==",
        "a " + "A" * 9000,
        ",".join(f"k{i} eA==" for i in range(65)),
    ],
)
def test_metadata_bombs_and_nonsense(said: str) -> None:
    with pytest.raises(Refused):
        fields.metadata(said)


@pytest.mark.parametrize(
    "value", ["md5 AAAA", "sha1 AAAA", "sha1", "sha1 ???", "sha256 " + "A" * 9999]
)
def test_checksums_that_cannot_be(value: str) -> None:
    with pytest.raises(Refused):
        fields.checksum(value)


def test_digests() -> None:
    sha = base64.b64encode(bytes(32)).decode()
    found = fields.digest(f"unixsum=:AAAA:, sha-256=:{sha}:", "Content-Digest")
    assert found is not None
    assert (found.algorithm, found.value, found.status) == ("sha256", bytes(32), 400)
    assert fields.digest("md5=:AAAA:", "Content-Digest") is None


@pytest.mark.parametrize("value", ["final;", "final;/uploads/x", "final;http://[", "final; a b c"])
def test_parts_that_are_no_addresses(value: str) -> None:
    with pytest.raises(Refused):
        fields.parts(value)


def test_a_part_twice_is_refused() -> None:
    one = "/uploads/81e985bb-e80e-4b18-839b-ae29412eda6c?key=k"
    assert fields.parts(f"final;{one}")[0].key == "k"
    with pytest.raises(Refused):
        fields.parts(f"final;{one} {one}")
