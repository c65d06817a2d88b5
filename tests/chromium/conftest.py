"""A real Chromium at the real server. What is missing on this machine skips, in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.chromium import people
from tests.chromium.server import Site, serve
from tests.chromium.test_validity import Html
from tests.chromium.visits import PATIENCE, Windows
from tests.chromium.watch import Watch

HERE = Path(__file__).parent
CHROMIUM, SHELL = "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = HERE / "node_modules/axe-core/axe.min.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder is marked `browser`, and runs in two processes: each has one Chromium."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            language = getattr(item, "callspec", None) and item.callspec.params.get("language")
            item.add_marker(pytest.mark.xdist_group(f"chromium-{language or 'en'}"))
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[[str], Browser]]:
    """Starts a browser, of those on this machine."""
    with sync_playwright() as playwright:
        yield lambda path: playwright.chromium.launch(executable_path=path, args=FLAGS)


@pytest.fixture(scope="session")
def chromium(launch: Callable[[str], Browser]) -> Iterator[Browser]:
    """The whole browser, as people have it."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    browser = launch(CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def engine(launch: Callable[[str], Browser]) -> Iterator[Browser]:
    """The same without windows to draw: for hundreds of pages, which it shows alike."""
    found = [path for path in (SHELL, CHROMIUM) if Path(path).exists()]
    if not found:
        pytest.skip(f"{SHELL} is missing: apt-get install chromium-headless-shell")
    browser = launch(found[0])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in tests/chromium")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with its people and their files; shared, so tests leave it as they found it."""
    folder = tmp_path_factory.mktemp("site")
    people.settle(folder / "instance")
    extensions = json.dumps(["tests.chromium.extension:failing"])
    tries = {"LOGIN_TRIES": "3", "LOGIN_TRIES_PER_ADDRESS": "10000"}
    ways_in = {"REGISTRATION": "open", "MEMBERS_MAY_INVITE": "true"}
    patience = {"PROOF_LIFETIME": "86400"}  # no state meets /proof, however late it is walked
    with serve(folder, EXTENSIONS=extensions, **tries, **ways_in, **patience) as running:
        yield running


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Site]:
    """A site that nobody has set up."""
    with serve(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def logged_in(engine: Browser, site: Site) -> Callable[[str], Any]:
    """The cookies of somebody who has logged in; of nobody for "carol", the stranger."""
    known: dict[str, Any] = {"carol": None}

    def cookies(who: str) -> Any:
        if who not in known:
            context = engine.new_context(base_url=site.url)
            page = context.new_page()
            page.goto("/login")
            page.get_by_label("Username").fill(who)
            page.locator("[name=password]").fill(people.PASSWORD)
            page.locator("main form button[type=submit]").click()
            page.wait_for_url("**/hello/")
            known[who] = context.storage_state()
            context.close()
        return known[who]

    return cookies


@pytest.fixture
def open_context(chromium: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """Another device. At the end none may have complained, whatever was done with it."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_context(url: str = site.url, **options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=url, **{"locale": "en-GB"} | options)
        context.set_default_timeout(PATIENCE)
        opened.append((context, Watch(context, url)))
        return context

    yield open_context
    complaints = [said for _, watch in opened for said in watch.complaints]
    for context, _ in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def open_page(
    open_context: Callable[..., BrowserContext],
    logged_in: Callable[[str], Any],
    site: Site,
) -> Callable[..., Page]:
    """A page of somebody's: ``open_page("alice", "zh", viewport=…)``."""
    shared = site

    def open_page(
        who: str = "carol", language: str = "en", site: Site = shared, **options: Any
    ) -> Page:
        context = open_context(site.url, storage_state=logged_in(who), **options)
        context.add_cookies([{"name": "language", "value": language, "url": site.url}])
        return context.new_page()

    return open_page


@pytest.fixture(scope="session")
def windows(engine: Browser, site: Site, logged_in: Callable[[str], Any]) -> Iterator[Windows]:
    """A window for each person and language, kept open for all states."""
    windows = Windows(engine, site, logged_in)
    yield windows
    windows.close()


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Html]:
    """The HTML of the states that were reached without scripts."""
    folder = tmp_path_factory.mktemp("html")
    yield Html(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def java() -> str:
    """The Java that vnu runs on."""
    found = shutil.which("java")
    return found or pytest.skip("java is missing: apt-get install default-jre-headless")
