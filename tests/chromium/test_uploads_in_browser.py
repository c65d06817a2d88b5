"""static/js/upload/ - sending in a real browser: nothing is lost, nothing is spliced."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect
from tests.chromium import people
from tests.chromium.hands import Keyboard
from tests.chromium.server import Site, serve

BIG, MIDDLE = 120_000_000, 12_000_000
SLOW = {"offline": False, "latency": 5, "downloadThroughput": 10**7, "uploadThroughput": 400_000}
WIRES: dict[Page, CDPSession] = {}
FREE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files that can't be made smaller, and a folder with folders in it."""
    folder = tmp_path_factory.mktemp("brought")
    for name, size in (("big.bin", BIG), ("film.mov", MIDDLE), ("notes.txt", 2_000)):
        (folder / name).write_bytes(os.urandom(size))
    (folder / "empty.txt").touch()
    deep = folder / "album" / "2026" / "Lake & boats"
    deep.mkdir(parents=True)
    (deep / "年.txt").write_bytes(b"deep")
    (folder / "album" / "top.txt").write_bytes(b"top")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of this module's own: what is sent stays."""
    folder = tmp_path_factory.mktemp("place")
    people.settle(folder / "instance")
    with serve(folder) as running:
        yield running
    shutil.rmtree(folder / "instance" / "files")


@pytest.fixture
def at(open_context: Callable[..., BrowserContext], place: Site) -> Callable[..., Page]:
    """The upload page of somebody who has just logged in, at a device of their own."""
    return lambda who="bob", **options: _log_in(open_context(place.url, **options), who)


@pytest.fixture
def rough(chromium: Any, place: Site) -> Iterator[Callable[..., Page]]:
    """The same, where a lost line or a refusal is part of the test: Chromium calls both errors."""
    opened: list[BrowserContext] = []

    def rough(who: str = "bob") -> Page:
        opened.append(chromium.new_context(base_url=place.url, locale="en-GB"))
        return _log_in(opened[-1], who)

    yield rough
    for context in opened:
        context.close()


def _log_in(context: BrowserContext, who: str) -> Page:
    page = context.new_page()
    page.goto("/login?next=/upload")
    page.get_by_label("Username").fill(who)
    page.locator("[name=password]").fill(people.PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/upload")
    return page


def choose(page: Page, *paths: Path) -> None:
    page.locator("[name=the_file]").set_input_files(list(paths))


def into(page: Page, folder: str) -> None:
    page.get_by_label("Folder", exact=False).first.fill(folder)


def throttle(page: Page, conditions: dict[str, Any]) -> None:
    """By one session for each page: what a second one lifts, the first still holds."""
    if page not in WIRES:
        WIRES[page] = page.context.new_cdp_session(page)
        WIRES[page].send("Network.enable")
    WIRES[page].send("Network.emulateNetworkConditions", conditions)


def row(page: Page, name: str) -> Any:
    return page.locator(".queued", has_text=name).first


def wait_for(page: Page, name: str, state: str, seconds: float = 30) -> None:
    expect(row(page, name)).to_have_attribute("data-state", state, timeout=seconds * 1000)


def wait_for_bytes(page: Page, name: str, least: float) -> None:
    """Until the bar of ``name`` stands there, as a part of 1."""
    bar = row(page, name).locator("progress")
    until = time.monotonic() + 30
    while float(bar.evaluate("(bar) => bar.value")) < least:
        assert time.monotonic() < until, f"{name} does not move"
        time.sleep(0.05)


def digest(page: Page, path: str, url: str = "") -> str:
    """Of the bytes on the server."""
    body = page.request.get(f"{url}/path/{path}?download=1").body()
    return hashlib.sha256(body).hexdigest()


def of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# One after the other, as it should be


def test_a_large_file_is_sent_at_once_and_arrives_as_it_is(
    at: Callable[..., Page], files: Path
) -> None:
    page = at()
    into(page, "large")
    choose(page, files / "big.bin")
    page.wait_for_function("() => / % – Uploading – Frontdesk$/.test(document.title)")
    wait_for(page, "big.bin", "done", 120)
    expect(page.locator(".sum")).to_have_text("1 file saved. See files")
    expect(page).to_have_title("Upload files – Frontdesk")
    assert digest(page, "large/big.bin") == of(files / "big.bin")
    row(page, "big.bin").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("big.bin")


def test_the_button_waits_puts_them_where_the_folder_says_by_then_and_goes_there(
    at: Callable[..., Page], files: Path
) -> None:
    page = at()
    choose(page, files / "film.mov", files / "notes.txt")
    wait_for(page, "notes.txt", "done")
    into(page, "late/choice")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/path/late/choice/")
    for name in ("film.mov", "notes.txt"):
        assert digest(page, f"late/choice/{name}") == of(files / name)


def test_a_whole_folder_comes_with_its_folders(at: Callable[..., Page], files: Path) -> None:
    page = at()
    into(page, "whole")
    page.locator("input[webkitdirectory]").set_input_files(files / "album")
    expect(page.locator(".sum")).to_have_text("2 files saved. See files")
    assert page.request.get("/path/whole/album/2026/Lake%20&%20boats/年.txt?download=1").text() == (
        "deep"
    )
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/path/whole/")


@pytest.mark.parametrize(
    "window",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    ],
    ids=["desk", "phone"],
)
def test_nothing_moves_under_a_finger_when_a_file_is_saved(
    at: Callable[..., Page], files: Path, window: dict[str, Any]
) -> None:
    """A press that began on "Upload" ended beside it, and did nothing."""
    page = at("alice", **window)
    into(page, f"still {window['viewport']['width']}")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    expect(row(page, "film.mov")).to_contain_text("left")
    button = page.get_by_role("button", name="Upload", exact=True)
    stood = button.bounding_box()
    throttle(page, FREE)
    wait_for(page, "film.mov", "done")
    assert button.bounding_box() == stood
    page.get_by_role("link", name="See files").click()


DROP = """() => {
  const held = new DataTransfer();
  held.items.add(new File(["dropped here"], "dropped.txt"));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.querySelector("footer").dispatchEvent(
      new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true }));
    if (kind === "dragover") window.wasOver = document.body.className;
  }
  return window.wasOver;
}"""
PASTE = """() => {
  const held = new DataTransfer();
  held.items.add(new File(["a picture"], "image.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: held, bubbles: true });
  document.body.dispatchEvent(event);
}"""


def test_what_is_dropped_anywhere_or_pasted_is_sent(at: Callable[..., Page]) -> None:
    page = at()
    into(page, "dropped")
    assert page.evaluate(DROP) == "is-dragging"
    wait_for(page, "dropped.txt", "done")
    assert page.evaluate("() => document.body.className") == ""
    page.evaluate(PASTE)
    wait_for(page, "Screenshot 20", "done")
    assert page.request.get("/path/dropped/dropped.txt?download=1").text() == "dropped here"


def test_pause_resume_and_remove(at: Callable[..., Page], files: Path) -> None:
    page = at()
    into(page, "paused")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    page.get_by_role("button", name="Pause “film.mov”").click()
    wait_for(page, "film.mov", "paused")
    expect(row(page, "film.mov")).to_contain_text("Paused at ")
    stood = page.locator("progress").evaluate("(bar) => bar.value")
    page.wait_for_timeout(700)
    assert page.locator("progress").evaluate("(bar) => bar.value") == stood
    expect(page.get_by_role("button", name="Resume “film.mov”")).to_be_focused()
    throttle(page, FREE)
    page.get_by_role("button", name="Resume “film.mov”").click()
    wait_for(page, "film.mov", "done")
    assert digest(page, "paused/film.mov") == of(files / "film.mov")


def test_what_is_removed_leaves_nothing_behind(at: Callable[..., Page], files: Path) -> None:
    page = at()
    throttle(page, SLOW)
    into(page, "removed")
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Remove “film.mov”").click()
    expect(page.locator(".queued")).to_have_count(0)
    page.reload()
    expect(page.locator("#unfinished")).to_have_count(0)


def test_speed_and_time_are_told_once_they_are_known(at: Callable[..., Page], files: Path) -> None:
    page = at()
    throttle(page, SLOW)
    into(page, "told")
    choose(page, files / "film.mov")
    told = row(page, "film.mov").locator(".meta")
    page.wait_for_timeout(2_000)
    assert "left" not in told.inner_text()
    expect(told).to_contain_text("left", timeout=5_000)
    assert " · " in told.inner_text() and "/s · about " in told.inner_text()
    page.get_by_role("button", name="Remove “film.mov”").click()


def test_what_cannot_be_kept_is_said_as_the_server_says_it(
    at: Callable[..., Page], files: Path
) -> None:
    page = at()
    choose(page, files / "empty.txt")
    wait_for(page, "empty.txt", "failed")
    expect(row(page, "empty.txt").locator(".meta")).to_have_text("“empty.txt” is empty")
    expect(page.locator(".sum")).to_contain_text("1 not saved.")


def test_the_same_file_again_is_a_question(at: Callable[..., Page], files: Path) -> None:
    page = at()
    into(page, "twice")
    choose(page, files / "notes.txt")
    wait_for(page, "notes.txt", "done")
    page.reload()
    into(page, "twice")
    choose(page, files / "notes.txt")
    wait_for(page, "notes.txt", "asked")
    expect(row(page, "notes.txt")).to_contain_text("You uploaded this file on ")
    page.get_by_role("button", name="Skip “notes.txt”").click()
    expect(page.locator(".queued")).to_have_count(0)
    choose(page, files / "notes.txt")
    page.get_by_role("button", name="Keep both “notes.txt”").click()
    wait_for(page, "notes.txt", "done")
    assert page.request.get("/path/twice/notes%20(2).txt?download=1").status == 200


def test_by_keyboard_alone(at: Callable[..., Page], files: Path) -> None:
    page = at()
    hands = Keyboard(page)
    into(page, "keys")
    throttle(page, SLOW)
    page.reload()
    with page.expect_file_chooser() as opened:
        hands._go_to(page.get_by_label("Files"))
        page.keyboard.press("Enter")
    opened.value.set_files([files / "film.mov"])
    hands.press("button", "Pause “film.mov”", stays=True)
    wait_for(page, "film.mov", "paused")
    page.keyboard.press("Enter")
    wait_for(page, "film.mov", "sending")
    hands.press("button", "Remove “film.mov”", stays=True)
    expect(page.locator(".queued")).to_have_count(0)


def test_a_thousand_files_leave_the_page_alive(at: Callable[..., Page]) -> None:
    """Few new lines in one frame: what a frame takes by the clock is another machine's affair."""
    page = at()
    into(page, "thousand")
    most = page.evaluate("""async () => {
      const held = new DataTransfer();
      for (let n = 0; n < 1000; n++) held.items.add(new File([`${n}`], `note ${n}.txt`));
      const input = document.querySelector("[name=the_file]");
      input.files = held.files;
      let most = 0, all = 0;
      new MutationObserver((changes) => {
        const fresh = changes.flatMap(({ addedNodes }) => [...addedNodes]);
        const lines = fresh.filter((node) => node.matches?.(".queued")).length;
        [most, all] = [Math.max(most, lines), all + lines];
      }).observe(document.body, { childList: true, subtree: true });
      input.dispatchEvent(new Event("change", { bubbles: true }));
      while (all < 1000) await new Promise((resolve) => setTimeout(resolve, 100));
      return most;
    }""")
    assert page.locator(".queued").count() == 1000
    assert 0 < most <= 50
    page.get_by_role("button", name="Remove “note 999.txt”").click(timeout=5_000)
    expect(page.locator(".queued")).to_have_count(999)


# When things go wrong


def test_offline_in_the_middle_and_back(rough: Callable[..., Page], files: Path) -> None:
    page = rough()
    into(page, "offline")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    throttle(page, FREE)
    page.context.set_offline(True)
    wait_for(page, "film.mov", "lost")
    expect(row(page, "film.mov")).to_contain_text("No network. We continue when it is back.")
    page.context.set_offline(False)
    wait_for(page, "film.mov", "done")
    assert digest(page, "offline/film.mov") == of(files / "film.mov")


def test_closed_in_the_middle_and_chosen_again_on_another_device(
    rough: Callable[..., Page], files: Path, tmp_path: Path
) -> None:
    page = rough()
    into(page, "closed")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    page.close()
    phone = rough()
    line = phone.locator("section.unfinished li", has_text="film.mov")
    expect(line).to_contain_text(" of 12 MB")
    other = tmp_path / "film.mov"
    other.write_bytes(os.urandom(MIDDLE))
    os.utime(other, ns=(0, (files / "film.mov").stat().st_mtime_ns))
    again = line.locator("input[type=file]")
    again.set_input_files(other)
    wait_for(phone, "film.mov", "failed")
    expect(row(phone, "film.mov")).to_contain_text("This is another file than the one that was")
    phone.get_by_role("button", name="Remove “film.mov”").click()
    sent = []
    phone.on("request", lambda request: sent.append(request))
    line.locator("input[type=file]").set_input_files(files / "film.mov")
    wait_for(phone, "film.mov", "done")
    assert digest(phone, "closed/film.mov") == of(files / "film.mov")
    expect(phone.locator("section.unfinished")).to_have_count(0)
    first = next(request for request in sent if request.method == "PATCH")
    assert int(first.headers["upload-offset"]) > 0


def test_another_file_of_the_same_name_and_size_begins_anew(
    rough: Callable[..., Page], files: Path, tmp_path: Path
) -> None:
    page = rough()
    throttle(page, SLOW)
    into(page, "anew")
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    page.reload()
    into(page, "anew")
    other = tmp_path / "film.mov"
    other.write_bytes(os.urandom(MIDDLE))
    choose(page, other)
    throttle(page, FREE)
    wait_for(page, "film.mov", "done")
    assert digest(page, "anew/film.mov") == of(other)
    page.reload()
    page.get_by_role("button", name="Discard “film.mov”").click()
    expect(page.get_by_text("“film.mov” was discarded.")).to_be_visible()


def test_two_tabs_never_spoil_it(rough: Callable[..., Page], files: Path) -> None:
    page = rough()
    into(page, "tabs")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    second = page.context.new_page()
    second.goto("/upload")
    into(second, "tabs")
    choose(second, files / "film.mov")
    for tab in (second, page):
        wait_for(tab, "film.mov", "done")
    assert digest(page, "tabs/film.mov") == of(files / "film.mov")
    assert page.request.get("/path/tabs/film%20(2).mov").status == 404


def test_the_server_is_killed_and_comes_back(chromium: Any, files: Path, tmp_path: Path) -> None:
    people.settle(tmp_path / "instance")
    context = chromium.new_context(locale="en-GB")
    with serve(tmp_path) as site:
        port = site.url.rpartition(":")[2]
        page = _log_in_at(context, site)
        throttle(page, SLOW)
        choose(page, files / "film.mov")
        wait_for_bytes(page, "film.mov", 0.04)
        _kill(site)
        wait_for(page, "film.mov", "lost")
    with serve(tmp_path, port=port):
        throttle(page, FREE)
        wait_for(page, "film.mov", "done", 40)
        assert digest(page, "film.mov", site.url) == of(files / "film.mov")
        context.close()
    shutil.rmtree(tmp_path / "instance" / "files")


def _log_in_at(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.goto(f"{site.url}/login?next=/upload")
    page.get_by_label("Username").fill("bob")
    page.locator("[name=password]").fill(people.PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/upload")
    return page


def _kill(site: Site) -> None:
    """With no time to say goodbye."""
    pid = site.pid
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    for one in (pid, *map(int, children.split())):
        os.kill(one, signal.SIGKILL)


# Without


def test_without_javascript_there_is_the_form_and_an_honest_word(
    at: Callable[..., Page], rough: Callable[..., Page], files: Path
) -> None:
    page = rough("frank")
    throttle(page, SLOW)
    choose(page, files / "film.mov")
    wait_for_bytes(page, "film.mov", 0.04)
    page.close()
    plain = at("frank", java_script_enabled=False)
    expect(plain.locator("section.unfinished")).to_contain_text("That needs JavaScript")
    buttons = plain.locator("main button:visible").all_inner_texts()
    assert [" ".join(said.split()) for said in buttons] == ["Upload", "Discard “film.mov”"]
    plain.locator("[name=the_file]").set_input_files([files / "notes.txt"])
    plain.get_by_role("button", name="Upload", exact=True).click()
    expect(plain.get_by_role("main")).to_contain_text("notes.txt")
