"""Every page and state of the site: who sees it, and how one gets there. Without JavaScript too."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from playwright.sync_api import Page, Response
from tests.chromium.looks import LOOKS
from tests.chromium.people import LONG_NAME

Way = Callable[[Page], Response]


@dataclass(frozen=True, slots=True)
class State:
    name: str
    who: str
    go: Way
    status: int = 200

    def __str__(self) -> str:
        return self.name


def press(page: Page, selector: str) -> Response:
    """Press a button of a form, and wait for what comes."""
    with page.expect_navigation() as coming:
        page.locator(selector).first.click()
    return arrived(coming.value)


def arrived(response: Response | None) -> Response:
    """The answer to a navigation; None is a jump inside a page, which none of these is."""
    assert response, "this went nowhere"
    return response


def send(page: Page, form: str, /, **answers: str) -> Response:
    """Fill in the fields of a form by their names, and send it."""
    for name, answer in answers.items():
        page.locator(f"#{form} [name={name}]").fill(answer)
    return press(page, f"#{form} button[type=submit], #{form} button:not([type])")


def at(address: str) -> Way:
    return lambda page: arrived(page.goto(address))


def after(address: str, form: str, /, **answers: str) -> Way:
    """The page that comes of sending a form."""

    def go(page: Page) -> Response:
        page.goto(address)
        return send(page, form, **answers)

    return go


# upload.js hears of nothing then, and the form goes as it does where there is no JavaScript.
PLAIN = """for (const kind of ["change", "submit"])
  addEventListener(kind, (event) => event.stopImmediatePropagation(), true)"""


def after_upload(*files: tuple[str, bytes]) -> Way:
    """What comes of the plain form."""

    def go(page: Page) -> Response:
        page.goto("/upload")
        page.evaluate(PLAIN)
        chosen = [{"name": n, "mimeType": "text/plain", "buffer": data} for n, data in files]
        page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
        return send(page, "upload", folder="scratch")

    return go


def _queue(page: Page) -> Response:
    """With JavaScript: a file that is refused, and one in question."""
    last = arrived(page.goto("/upload?folder=many"))
    if page.locator(".uploading").count():
        files = (("empty.txt", b""), ("note 01.txt", b"a note"), (f"{LONG_NAME}.txt", b""))
        chosen = [{"name": n, "mimeType": "text/plain", "buffer": data} for n, data in files]
        page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
        page.locator("[data-state=asked]").wait_for()
    return last


def _unfinished(page: Page) -> Response:
    """An upload that stopped after its beginning."""
    last = arrived(page.goto("/upload"))
    if page.locator("#unfinished").count():
        return last
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    name = b64encode(f"{LONG_NAME}.mov".encode()).decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1234567", "X-CSRFToken": token}
    page.request.post("/uploads/", headers=headers | {"Upload-Metadata": f"filename {name}"})
    return arrived(page.goto("/upload"))


def on_file(file: str, link: str = "", form: str = "", /, **answers: str) -> Way:
    """A page that a file's page leads to; with ``form``, what comes of sending that one's form."""

    def go(page: Page) -> Response:
        last = arrived(page.goto(f"/path/{file}"))
        if link:
            last = press(page, f"main a[href$='/change/{link}']")
        return send(page, form, **answers) if form else last

    return go


def _deleted(page: Page) -> Response:
    """A file of its own, that goes to the bin."""
    page.goto("/upload")
    page.evaluate(PLAIN)
    chosen = {"name": f"{LONG_NAME}.tmp", "mimeType": "text/plain", "buffer": b"bin"}
    page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
    send(page, "upload", folder="bin")
    press(page, ".list tbody a")
    press(page, "main a[href$='/change/delete']")
    return send(page, "delete")


def _bin(page: Page) -> Response:
    _deleted(page)
    return press(page, "main a[href='/bin']")


def _removing(page: Page) -> Response:
    _bin(page)
    return press(page, "main a[href$='/change/remove']")


def ticked(verb: str, then: str = "", /, folder: str = "/path/") -> Way:
    """Tick the first two rows and press a button for them; then the one that does it."""

    def go(page: Page) -> Response:
        page.goto(folder)
        for box in page.locator(".pick input[name]").all()[:2]:
            box.check()
        last = press(page, f"#things button[formaction$='/{verb}']")
        return press(page, then) if then else last

    return go


def of_folder(verb: str, form: str = "", /, **answers: str) -> Way:
    """A page that a folder's page leads to; with ``form``, what comes of sending that form."""

    def go(page: Page) -> Response:
        page.goto(f"/path/{LONG_NAME}/")
        last = press(page, f"nav.actions a:is([href$='/{verb}'], [href*='/{verb}?'])")
        return send(page, form, **answers) if form else last

    return go


def _copied(page: Page) -> Response:
    """A folder of its own, copied beside itself: the page says what it is called now."""
    after("/folder/new", "new-folder", name=f"a folder {token_hex(4)}")(page)
    return ticked("copy", "#copy [name=here]")(page)


def _into_itself(page: Page) -> Response:
    of_folder("move")(page)
    target = page.locator("#move [name=folder]").first.input_value()
    page.locator("#move [name=here]").evaluate("(button, id) => { button.value = id }", target)
    return press(page, "#move [name=here]")


def _deleted_together(page: Page) -> Response:
    """A folder and a file of their own, that go to the bin together."""
    page.goto("/folder/new?folder=bin")
    send(page, "new-folder", name=f"a folder {token_hex(4)}")
    page.goto("/upload")
    chosen = {"name": "zz.tmp", "mimeType": "text/plain", "buffer": b"bin"}
    page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
    send(page, "upload", folder="bin")
    ticked("delete", "#delete button", folder="/path/bin")(page)
    return arrived(page.reload())


def _emptying(page: Page) -> Response:
    _deleted_together(page)
    page.goto("/bin")
    return press(page, "main a[href='/bin/empty']")


def _wrong(page: Page) -> Response:
    """A wrong password, each time for another name: too many for one name are counted."""
    page.goto("/login")
    return send(page, "login", username=f"zoe-{token_hex(4)}", password="wrong")


def _locked(page: Page) -> Response:
    """One wrong password too many."""
    page.goto("/login")
    while (last := send(page, "login", username="mallory", password="wrong")).status != 429:
        assert last.status == 422
    return last


def _without_token(page: Page) -> Response:
    """A form whose page was open too long."""
    page.goto("/login")
    page.context.clear_cookies(name="frontdesk")
    return press(page, ".site-footer form [name=language][value=en]")


def _next_page(page: Page) -> Response:
    page.goto("/path/many/")
    return press(page, "a[rel=next]")


def _first_post(page: Page) -> Response:
    page.goto("/post/")
    return press(page, "main .rows a")


def _revoking(page: Page) -> Response:
    on_file(f"{LONG_NAME}.bin", "link", "link")(page)
    return press(page, "main .rows a")


def _opened_link(page: Page) -> Response:
    """What somebody sees who was given a link."""
    on_file(f"{LONG_NAME}.bin", "link", "link")(page)
    address = page.locator("main input[readonly]").first.input_value()
    page.context.clear_cookies(name="frontdesk")
    return arrived(page.goto(address))


def _ended_link(page: Page) -> Response:
    _revoking(page)
    address = page.url.rpartition("/")[2]
    send(page, "revoke")
    return arrived(page.goto(f"/s/{address}"))


def _wrong_picture(page: Page) -> Response:
    page.goto("/profile")
    chosen = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    page.locator("[name=image]").set_input_files(chosen)  # type: ignore[arg-type]
    return send(page, "profile", display_name="x" * 81)


STATES = (
    State("welcome", "carol", at("/")),
    State("login", "carol", at("/login")),
    State("login-empty", "carol", after("/login", "login", username="", password=""), 422),
    State("login-wrong", "carol", _wrong, 422),
    State("login-locked", "carol", _locked, 429),
    State("form-too-old", "carol", _without_token, 400),
    State("401", "carol", at("/path/"), 401),
    State("404-stranger", "carol", at("/nothing/here"), 404),
    State("404-member", "alice", at("/path/nothing.txt"), 404),
    *(
        State(f"error-{status}", "carol", at(f"/fail/{status}"), status)
        for status in (400, 403, 405, 410, 413, 415, 416, 422, 429, 500, 503, 507)
    ),
    State("hello-stranger", "carol", at("/hello/")),
    State("hello-name", "carol", at("/hello/Grace%20Hopper")),
    State("hello-long-name", "carol", at(f"/hello/{LONG_NAME}")),
    State("hello-name-member", "alice", at("/hello/bob")),
    State("help", "carol", at("/help")),
    State("accessibility", "carol", at("/accessibility")),
    State("dashboard-empty", "bob", at("/hello/")),
    State("dashboard-filled", "alice", at("/hello/")),
    State("upload", "alice", at("/upload")),
    State("upload-into-folder", "alice", at(f"/upload?folder={LONG_NAME}")),
    State("upload-new-version", "alice", at("/upload?on_conflict=version")),
    State("upload-none", "alice", after("/upload", "upload"), 422),
    State("upload-partly", "frank",
          after_upload((f"{LONG_NAME}.txt", b"a"), ("empty.txt", b"")), 422),
    State("upload-done", "frank", after_upload(("good.txt", b"good"))),
    State("upload-queue", "alice", _queue),
    State("upload-unfinished", "frank", _unfinished),
    State("upload-no-room", "dave", at("/upload")),
    State("files-empty", "bob", at("/path/")),
    State("files-filled", "alice", at("/path/")),
    State("files-folder", "alice", at(f"/path/{LONG_NAME}/")),
    State("files-many", "alice", at("/path/many/")),
    State("files-next", "alice", _next_page),
    State("search-found", "alice", after("/path/", "search", key="xxx")),
    State("files-by-size", "alice", at("/path/many/?sort=size&order=desc")),
    State("files-by-date", "alice", at("/path/?sort=date")),
    State("search-by-date", "alice", at("/path/?key=xxx&sort=date&order=desc")),
    State("search-folders", "alice", at("/path/?key=m")),
    State("search-nothing", "alice", after("/path/", "search", key="zebra")),
    State("file-picture", "alice", on_file("lake.jpg")),
    *(State(f"look-{name}", "alice", at(f"/path/looks/{name}")) for name in LOOKS),
    State("look-source", "alice", at("/path/looks/minutes.md?as=text")),
    State("look-page-2", "alice", at("/path/looks/paper.pdf?page=2")),
    State("file-long-name", "alice", on_file(f"{LONG_NAME}.bin")),
    State("file-versions", "alice", on_file("reports/2026/offer.txt")),
    State("version-remove", "alice", on_file("reports/2026/offer.txt", "remove")),
    State("file-rename", "alice", on_file(f"{LONG_NAME}.bin", "rename")),
    State("file-rename-empty", "alice", on_file("lake.jpg", "rename", "rename", name=""), 422),
    State("file-rename-taken", "alice",
          on_file("lake.jpg", "rename", "rename", name=f"{LONG_NAME}.bin"), 422),
    State("file-delete", "alice", on_file(f"{LONG_NAME}.bin", "delete")),
    State("file-deleted", "frank", _deleted),
    State("folder-new", "alice", at("/folder/new")),
    State("folder-new-empty", "alice", after("/folder/new", "new-folder", name=""), 422),
    State("folder-new-made", "frank",
          lambda page: after("/folder/new", "new-folder", name=f"x {token_hex(4)}")(page)),
    State("folder-rename", "alice", of_folder("rename")),
    State("folder-rename-taken", "alice", of_folder("rename", "rename", name="many"), 422),
    State("folder-delete", "alice", of_folder("delete")),
    State("things-move", "alice", ticked("move")),
    State("things-move-found", "alice", of_folder("move", "move", find="report")),
    State("things-move-not-found", "alice", of_folder("move", "move", find="zebra")),
    State("things-move-into-itself", "alice", _into_itself, 422),
    State("things-copy", "alice", ticked("copy")),
    State("things-copied", "frank", _copied),
    State("things-delete", "alice", ticked("delete")),
    State("things-deleted", "frank", _deleted_together),
    State("bin-emptying", "frank", _emptying),
    State("bin-empty", "bob", at("/bin")),
    State("bin-filled", "frank", _bin),
    State("bin-remove", "frank", _removing),
    State("profile", "bob", at("/profile")),
    State("profile-picture", "alice", at("/profile")),
    State("profile-wrong", "bob", _wrong_picture, 422),
    State("tokens-none", "bob", at("/profile/tokens")),
    State("token-new", "alice", after("/profile/tokens", "token", name=LONG_NAME)),
    State("tokens", "alice", at("/profile/tokens")),
    State("token-nameless", "alice", after("/profile/tokens", "token", name=""), 422),
    State("posts-empty", "bob", at("/post/")),
    State("posts-filled", "frank", at("/post/")),
    State("post", "frank", _first_post),
    State("post-new", "frank", at("/post/new")),
    State("post-new-empty", "frank", after("/post/new", "post", to=""), 422),
    State("post-new-unknown", "frank", after("/post/new", "post", to=LONG_NAME), 422),
    State("links-none", "alice", on_file("many/note%2001.txt", "link")),
    State("links", "alice", on_file("lake.jpg", "link", "link")),
    State("link-revoke", "alice", _revoking),
    State("link-opened", "alice", _opened_link),
    State("link-ended", "alice", _ended_link, 410),
    State("logout", "alice", at("/logout")),
    State("admin", "root", at("/admin/")),
)  # fmt: skip
PEOPLE = sorted({state.who for state in STATES})
