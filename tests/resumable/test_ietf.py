"""Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload)."""

import base64
import hashlib
from typing import Any

import pytest
from tests.resumable.conftest import Site
from tests.resumable.tools import TUS, chunk

PARTIAL = "application/partial-upload"


def begin(site: Site, data: bytes = b"", complete: str = "?0", **headers: str) -> Any:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.client.post("/uploads/", headers={"Upload-Complete": complete, **more}, data=data)


def append(site: Site, address: str, at: int, data: bytes, complete: str, **headers: str) -> Any:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    fixed = {"Upload-Offset": str(at), "Upload-Complete": complete, "Content-Type": PARTIAL}
    return site.client.patch(address, headers={**fixed, **more}, data=data)


def test_one_request_is_enough(site: Site) -> None:
    answer = begin(site, b"hello", "?1", Content_Disposition="inline; filename*=UTF-8''%C3%A4.txt")
    assert answer.status_code == 201
    assert answer.headers["Upload-Complete"] == "?1"
    [upload] = site.finished
    assert (upload.path.read_bytes(), upload.filename) == (b"hello", "ä.txt")


def test_a_name_may_come_as_tus_tells_it(site: Site) -> None:
    """tus-js-client does so, whichever protocol it speaks."""
    begin(site, b"hello", "?1", Upload_Metadata="filename YS50eHQ=")
    assert site.finished[0].filename == "a.txt"


def test_a_series_of_parts(site: Site) -> None:
    answer = begin(site, b"one")
    address = answer.headers["Location"]
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (201, "?0")
    answer = append(site, address, 3, b"two", "?0")
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (204, "?0")
    assert site.finished == []
    answer = append(site, address, 6, b"three", "?1")
    assert answer.headers["Upload-Complete"] == "?1"
    assert site.finished[0].path.read_bytes() == b"onetwothree"


def test_it_is_complete_when_the_client_says_so(site: Site) -> None:
    address = begin(site, b"abc", Upload_Length="3").headers["Location"]
    head = site.client.head(address).headers
    assert (head["Upload-Offset"], head["Upload-Complete"]) == ("3", "?0")
    assert site.finished == []
    assert append(site, address, 3, b"", "?1").headers["Upload-Complete"] == "?1"
    assert len(site.finished) == 1


def test_head_tells_offset_length_and_limits(make_site: Any) -> None:
    site = make_site(RESUMABLE_MAX_SIZE=1000)
    address = begin(site, b"abc", Upload_Length="10").headers["Location"]
    answer = site.client.head(address)
    assert answer.status_code == 200
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("3", "10")
    assert "max-size=1000" in answer.headers["Upload-Limit"]
    assert "max-age=" in answer.headers["Upload-Limit"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_options_announces_the_media_type_and_limits(make_site: Any) -> None:
    answer = make_site(RESUMABLE_MAX_SIZE=7).client.options("/uploads/")
    assert PARTIAL in answer.headers["Accept-Patch"]
    assert answer.headers["Upload-Limit"] == "max-size=7"


def test_the_wrong_offset_is_a_problem(site: Site) -> None:
    address = begin(site, b"abc").headers["Location"]
    answer = append(site, address, 1, b"x", "?0")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "3")
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"].endswith("#mismatching-upload-offset")
    assert (answer.json["expected-offset"], answer.json["provided-offset"]) == (3, 1)


def test_lengths_must_agree(site: Site) -> None:
    answer = begin(site, b"abc", "?1", Upload_Length="4")
    assert answer.status_code == 400
    assert answer.json["type"].endswith("#inconsistent-upload-length")
    address = begin(site, b"abc", Upload_Length="10").headers["Location"]
    assert append(site, address, 3, b"d", "?1").status_code == 400
    assert append(site, address, 3, b"d", "?0", Upload_Length="11").status_code == 400


def test_more_than_the_length_is_refused(site: Site) -> None:
    address = begin(site, Upload_Length="3").headers["Location"]
    assert append(site, address, 0, b"abcd", "?0").status_code == 413
    assert site.client.get(address).json["offset"] == 0


def test_a_complete_upload_takes_no_more(site: Site) -> None:
    address = begin(site, b"abc", "?1").headers["Location"]
    for data in (b"", b"x"):
        answer = append(site, address, 3, data, "?1")
        assert answer.status_code == 400
        assert answer.json["type"].endswith("#completed-upload")


def test_another_media_type_is_refused(site: Site) -> None:
    address = begin(site).headers["Location"]
    assert append(site, address, 0, b"x", "?0", Content_Type="text/plain").status_code == 415


def test_cancelling(site: Site) -> None:
    address = begin(site, b"abc").headers["Location"]
    assert site.client.delete(address).status_code == 204
    assert site.client.head(address).status_code == 404


def test_a_413_tells_the_limits(make_site: Any) -> None:
    answer = begin(make_site(RESUMABLE_MAX_SIZE=2), b"abc", "?1")
    assert (answer.status_code, answer.headers["Upload-Limit"]) == (413, "max-size=2")


@pytest.mark.parametrize("value", ["1", "true", "?2"])
def test_nonsense_in_upload_complete(site: Site, value: str) -> None:
    assert begin(site, b"", value).status_code == 400


def test_repr_digest_protects_the_whole(site: Site) -> None:
    right = "sha-256=:" + base64.b64encode(hashlib.sha256(b"abc").digest()).decode() + ":"
    assert begin(site, b"abc", "?1", Repr_Digest=right).status_code == 201
    assert begin(site, b"abd", "?1", Repr_Digest=right).status_code == 400
    assert len(site.finished) == 1


def test_an_upload_may_change_its_protocol(site: Site) -> None:
    address = begin(site, b"abc", Upload_Length="6").headers["Location"]
    assert site.client.patch(address, headers=chunk(3), data=b"def").status_code == 204
    assert site.client.head(address, headers=TUS).headers["Upload-Offset"] == "6"
    assert append(site, address, 6, b"", "?1").headers["Upload-Complete"] == "?1"
