"""tus 1.0.0, extension by extension."""

import base64
import hashlib
from typing import Any

import pytest
import time_machine
from tests.resumable.conftest import Site
from tests.resumable.tools import OCTETS, TUS, chunk


def create(site: Site, length: int | None = 10, **headers: str) -> str:
    size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = site.client.post("/uploads/", headers={**TUS, **size, **more})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def patch(site: Site, address: str, offset: int, data: bytes, **headers: str) -> Any:
    return site.client.patch(address, headers=chunk(offset, **headers), data=data)


def offset(site: Site, address: str) -> int:
    return int(site.client.head(address, headers=TUS).headers["Upload-Offset"])


class TestCore:
    def test_options_tells_all(self, site: Site) -> None:
        answer = site.client.options("/uploads/")
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        extensions = set(answer.headers["Tus-Extension"].split(","))
        assert {"creation", "creation-with-upload", "creation-defer-length"} <= extensions
        assert {"termination", "checksum", "expiration", "concatenation"} <= extensions
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"

    def test_pieces_become_a_file(self, site: Site) -> None:
        address = create(site)
        assert patch(site, address, 0, b"hello").headers["Upload-Offset"] == "5"
        answer = patch(site, address, 5, b"world")
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "10")
        [upload] = site.finished
        assert upload.path.read_bytes() == b"helloworld"
        assert upload.sha256 == hashlib.sha256(b"helloworld").hexdigest()

    def test_head_after_the_end_is_200(self, site: Site) -> None:
        address = create(site, 2)
        patch(site, address, 0, b"ab")
        answer = site.client.head(address, headers=TUS)
        assert answer.status_code == 200
        assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("2", "2")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_get_answers_in_json(self, site: Site) -> None:
        address = create(site)
        patch(site, address, 0, b"abc")
        state = site.client.get(address).json
        assert (state["offset"], state["length"], state["finished"]) == (3, 10, False)

    def test_the_wrong_offset_is_a_conflict(self, site: Site) -> None:
        address = create(site)
        patch(site, address, 0, b"abc")
        answer = patch(site, address, 2, b"x")
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "3")

    def test_content_of_another_type_is_refused(self, site: Site) -> None:
        address = create(site)
        headers = {**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}
        assert site.client.patch(address, headers=headers, data=b"x").status_code == 415

    def test_another_version_is_refused(self, site: Site) -> None:
        for headers in ({"Tus-Resumable": "0.2.2"}, {}):
            answer = site.client.post("/uploads/", headers={**headers, "Upload-Length": "1"})
            assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")

    def test_an_unknown_upload_is_missing(self, site: Site) -> None:
        nobody = "/uploads/00000000-0000-0000-0000-000000000000"
        assert site.client.head(nobody, headers=TUS).status_code == 404
        assert patch(site, nobody, 0, b"x").status_code == 404
        assert site.client.delete(nobody, headers=TUS).status_code == 404

    def test_the_method_may_be_overridden(self, site: Site) -> None:
        address = create(site, 2)
        headers = chunk(0, X_HTTP_Method_Override="PATCH")
        assert site.client.post(address, headers=headers, data=b"ab").status_code == 204
        headers = {**TUS, "X-HTTP-Method-Override": "HEAD"}
        assert site.client.post(address, headers=headers).headers["Upload-Offset"] == "2"
        headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
        assert site.client.post(address, headers=headers).status_code == 204
        assert site.client.post(address, headers=TUS).status_code == 405

    def test_the_last_answer_may_be_lost(self, site: Site) -> None:
        address = create(site, 2)
        patch(site, address, 0, b"ab")
        assert patch(site, address, 2, b"").status_code == 204
        assert len(site.finished) == 1


class TestCreation:
    def test_metadata_is_kept_and_shown_again(self, site: Site) -> None:
        said = "filename " + base64.b64encode("ä b.txt".encode()).decode() + ",empty"
        address = create(site, 1, Upload_Metadata=said)
        assert site.client.head(address, headers=TUS).headers["Upload-Metadata"] == said
        patch(site, address, 0, b"x")
        assert site.finished[0].filename == "ä b.txt"

    @pytest.mark.parametrize("length", ["", "-1", "1.5", "abc", "99999999999999999999"])
    def test_lengths_that_are_none(self, site: Site, length: str) -> None:
        answer = site.client.post("/uploads/", headers={**TUS, "Upload-Length": length})
        assert answer.status_code == 400

    def test_neither_length_nor_deferred(self, site: Site) -> None:
        assert site.client.post("/uploads/", headers=TUS).status_code == 400
        both = {**TUS, "Upload-Length": "1", "Upload-Defer-Length": "1"}
        assert site.client.post("/uploads/", headers=both).status_code == 400

    def test_an_empty_file_is_finished_at_once(self, site: Site) -> None:
        address = create(site, 0)
        assert site.finished[0].path.read_bytes() == b""
        assert site.client.get(address).json["finished"]

    def test_creation_with_upload(self, site: Site) -> None:
        headers = {**TUS, "Upload-Length": "10", "Content-Type": OCTETS}
        answer = site.client.post("/uploads/", headers=headers, data=b"hello")
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5")
        patch(site, answer.headers["Location"], 5, b"world")
        assert site.finished[0].path.read_bytes() == b"helloworld"

    def test_creation_with_the_whole_upload(self, site: Site) -> None:
        headers = {**TUS, "Upload-Length": "5", "Content-Type": OCTETS}
        answer = site.client.post("/uploads/", headers=headers, data=b"hello")
        assert (answer.status_code, len(site.finished)) == (201, 1)

    def test_the_length_may_come_later(self, site: Site) -> None:
        address = create(site, None)
        patch(site, address, 0, b"abc")
        head = site.client.head(address, headers=TUS).headers
        assert head["Upload-Defer-Length"] == "1" and "Upload-Length" not in head
        assert patch(site, address, 3, b"", Upload_Length="2").status_code == 400
        assert patch(site, address, 3, b"de", Upload_Length="5").status_code == 204
        assert site.finished[0].path.read_bytes() == b"abcde"

    def test_a_length_cannot_be_changed(self, site: Site) -> None:
        address = create(site, 10)
        assert patch(site, address, 0, b"x", Upload_Length="11").status_code == 400
        assert offset(site, address) == 0


class TestTermination:
    def test_it_removes_the_upload(self, site: Site) -> None:
        address = create(site)
        patch(site, address, 0, b"abc")
        assert site.client.delete(address, headers=TUS).status_code == 204
        assert site.client.head(address, headers=TUS).status_code == 404
        assert len(site.removed) == 1

    def test_a_finished_file_stays(self, site: Site) -> None:
        address = create(site, 1)
        patch(site, address, 0, b"x")
        assert site.client.delete(address, headers=TUS).status_code == 204
        assert site.finished[0].path.exists()
        assert site.removed == []


class TestChecksum:
    def said(self, name: str, data: bytes) -> str:
        return f"{name} {base64.b64encode(hashlib.new(name, data).digest()).decode()}"

    @pytest.mark.parametrize("name", ["sha1", "sha256"])
    def test_the_right_one_is_taken(self, site: Site, name: str) -> None:
        address = create(site)
        answer = patch(site, address, 0, b"abc", Upload_Checksum=self.said(name, b"abc"))
        assert answer.status_code == 204

    @pytest.mark.parametrize("name", ["sha1", "sha256"])
    def test_the_wrong_one_keeps_nothing(self, site: Site, name: str) -> None:
        address = create(site, 6)
        patch(site, address, 0, b"abc")
        answer = patch(site, address, 3, b"dXf", Upload_Checksum=self.said(name, b"def"))
        assert answer.status_code == 460
        assert offset(site, address) == 3
        patch(site, address, 3, b"def", Upload_Checksum=self.said(name, b"def"))
        assert site.finished[0].sha256 == hashlib.sha256(b"abcdef").hexdigest()

    def test_an_unknown_algorithm_is_refused(self, site: Site) -> None:
        assert patch(site, create(site), 0, b"abc", Upload_Checksum="md5 AAAA").status_code == 400

    def test_content_digest_does_the_same(self, site: Site) -> None:
        address = create(site)
        wrong = "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"
        assert patch(site, address, 0, b"abc", Content_Digest=wrong).status_code == 400
        assert offset(site, address) == 0

    def test_a_whole_that_is_not_the_one_announced(self, site: Site) -> None:
        wrong = "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"
        address = create(site, 3, Repr_Digest=wrong)
        assert patch(site, address, 0, b"abc").status_code == 400
        assert site.finished == []
        assert site.client.head(address, headers=TUS).status_code == 404


class TestExpiration:
    def test_the_time_is_told(self, site: Site) -> None:
        address = create(site)
        assert "Upload-Expires" in patch(site, address, 0, b"x").headers

    def test_an_expired_upload_is_gone_and_then_removed(self, site: Site) -> None:
        address = create(site)
        with time_machine.travel(8 * 86400 + __import__("time").time()):
            assert site.client.head(address, headers=TUS).status_code == 410
            with site.app.app_context():
                assert site.resumable.purge() == 1
            assert site.client.head(address, headers=TUS).status_code == 404
        assert len(site.removed) == 1

    def test_one_bad_reading_of_the_clock_removes_nothing(self, site: Site) -> None:
        address = create(site)
        with site.app.app_context():
            site.resumable.purge()
            with time_machine.travel(4_000_000_000):
                assert site.resumable.purge() == 0
            site.resumable.purge()
        assert offset(site, address) == 0
