"""Where an application has its say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Request, abort, jsonify
from tests.resumable.conftest import Site
from tests.resumable.tools import TUS, chunk

from flask_resumable import Resumable, Upload

NAMED = {**TUS, "Upload-Length": "3", "Upload-Metadata": "filename YQ=="}
Make = Callable[..., Site]


def send(site: Site, **headers: str) -> Any:
    """A whole upload of three bytes."""
    answer = site.client.post("/uploads/", headers={**NAMED, **headers})
    if answer.status_code != 201:
        return answer
    return site.client.patch(answer.headers["Location"], headers=chunk(0), data=b"abc")


def test_authorize_sees_request_and_metadata(site: Site) -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    @site.resumable.authorize
    def authorize(request: Request, metadata: dict[str, str]) -> None:
        seen.append((request.headers["X-Me"], metadata))

    send(site, **{"X-Me": "alice"})
    assert seen == [("alice", {"filename": "a"})]


def test_authorize_says_no(site: Site) -> None:
    site.resumable.authorize(lambda request, metadata: False)
    answer = send(site)
    assert (answer.status_code, answer.json["detail"]) == (403, "You may not upload here.")
    site.resumable.authorize(lambda request, metadata: abort(401, "Log in first"))
    answer = send(site)
    assert (answer.status_code, answer.json["detail"]) == (401, "Log in first")
    site.resumable.authorize(lambda request, metadata: ("Not on Sundays", 418))
    answer = send(site)
    assert (answer.status_code, answer.text) == (418, "Not on Sundays")


def test_an_upload_outlives_its_session(site: Site) -> None:
    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    site.resumable.authorize(lambda request, metadata: False)
    assert site.client.patch(address, headers=chunk(0), data=b"abc").status_code == 204


def test_only_the_key_opens_an_upload(site: Site) -> None:
    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    bare, _, query = address.partition("?key=")
    for url, headers in ((bare, {}), (bare + "?key=wrong", {}), (bare, {"Upload-Key": "ä"})):
        for method in ("HEAD", "GET", "PATCH", "DELETE"):
            sent = {**chunk(0), **headers}
            assert site.client.open(url, method=method, headers=sent).status_code == 404
    assert site.client.get(bare, headers={"Upload-Key": query}).status_code == 200


def test_access_lets_others_in(site: Site) -> None:
    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    bare = address.partition("?")[0]
    site.resumable.access(lambda request, upload: request.headers.get("X-Me") == "owner")
    assert site.client.get(bare).status_code == 404
    assert site.client.get(bare, headers={"X-Me": "owner"}).status_code == 200


def test_continued_says_no_in_spite_of_the_key(site: Site) -> None:
    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    site.resumable.continued(lambda upload: abort(403, "You have left"))
    for method in ("GET", "PATCH", "DELETE"):
        answer = site.client.open(address, method=method, headers=chunk(0), data=b"abc")
        assert (answer.status_code, answer.json["detail"]) == (403, "You have left")
    assert site.client.head(address, headers=TUS).status_code == 403
    site.resumable.continued(lambda upload: None)
    assert site.client.head(address, headers=TUS).headers["Upload-Offset"] == "0"


def test_created_may_leave_a_note(site: Site) -> None:
    @site.resumable.created
    def created(upload: Upload) -> None:
        upload.note["owner"] = 7

    send(site)
    assert site.finished[0].note == {"owner": 7}


def test_created_may_say_no(site: Site) -> None:
    site.resumable.created(lambda upload: abort(413, "Your quota is used up."))
    answer = send(site)
    assert (answer.status_code, answer.json["detail"]) == (413, "Your quota is used up.")
    with site.app.app_context():
        assert list(site.resumable.store.ids()) == []


def test_reserve_is_asked_while_an_upload_without_length_grows(site: Site) -> None:
    asked: list[int] = []
    site.resumable.reserve(lambda upload, size: asked.append(size) or (size > 5 and abort(413)))
    headers = {**TUS, "Upload-Defer-Length": "1"}
    address = site.client.post("/uploads/", headers=headers).headers["Location"]
    assert site.client.patch(address, headers=chunk(0), data=b"abcd").status_code == 204
    assert site.client.patch(address, headers=chunk(4), data=b"efgh").status_code == 413
    assert asked == [4, 8]


def test_target_says_where_to(site: Site, tmp_path: Path) -> None:
    site.resumable.target(lambda upload: tmp_path / "blobs" / str(upload.id))
    send(site)
    assert site.finished[0].path == tmp_path / "blobs" / str(site.finished[0].id)
    assert site.finished[0].path.read_bytes() == b"abc"


def test_finished_may_answer(site: Site) -> None:
    site.resumable.finished(lambda upload: (jsonify(name=upload.filename), 200))
    answer = send(site)
    assert (answer.status_code, answer.json) == (200, {"name": "a"})
    assert answer.headers["Upload-Offset"] == "3"


def test_finished_may_leave_a_result_for_later(site: Site) -> None:
    @site.resumable.finished
    def finished(upload: Upload) -> None:
        upload.note["result"] = {"url": "/path/a"}

    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    assert site.client.get(address).json["result"] is None
    site.client.patch(address, headers=chunk(0), data=b"abc")
    assert site.client.get(address).json["result"] == {"url": "/path/a"}


def test_removed_is_told_of_cancelled_uploads(site: Site) -> None:
    address = site.client.post("/uploads/", headers=NAMED).headers["Location"]
    site.client.delete(address, headers=TUS)
    assert [upload.length for upload in site.removed] == [3]


def test_refusals_can_be_translated(tmp_path: Path) -> None:
    app = Flask("translated", instance_path=str(tmp_path))
    Resumable(app, gettext=lambda words: words.upper())
    answer = app.test_client().get("/uploads/00000000-0000-0000-0000-000000000000")
    assert answer.json["detail"] == "THERE IS NO SUCH UPLOAD. IT MAY HAVE EXPIRED."


def test_one_extension_serves_two_apps(tmp_path: Path) -> None:
    resumable = Resumable()
    for name in ("one", "two"):
        app = Flask(name, instance_path=str(tmp_path / name))
        resumable.init_app(app)
        app.test_client().post("/uploads/", headers=NAMED)
        with app.app_context():
            assert len(list(resumable.store.ids())) == 1


def test_the_prefix_can_be_chosen(make_site: Make) -> None:
    site = make_site(RESUMABLE_URL_PREFIX="/in")
    answer = site.client.post("/in", headers=NAMED)
    assert answer.headers["Location"].startswith("/in/")


@pytest.mark.parametrize("answer", [False, None, True])
def test_only_false_means_no(site: Site, answer: bool | None) -> None:
    site.resumable.authorize(lambda request, metadata: answer)
    assert send(site).status_code == (403 if answer is False else 204)
