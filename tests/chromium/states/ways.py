"""What a state is, and the ways there that several places share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, Response

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


def on_file(file: str, link: str = "", form: str = "", /, **answers: str) -> Way:
    """A page that a file's page leads to; with ``form``, what comes of sending that one's form."""

    def go(page: Page) -> Response:
        last = arrived(page.goto(f"/path/{file}"))
        if link:
            last = press(page, f"main a[href$='/change/{link}']")
        return send(page, form, **answers) if form else last

    return go


def ticked(verb: str, then: str = "", /, folder: str = "/path/") -> Way:
    """Tick the first two rows and press a button for them; then the one that does it."""

    def go(page: Page) -> Response:
        page.goto(folder)
        for box in page.locator(".pick input[name]").all()[:2]:
            box.check()
        last = press(page, f"#things button[formaction$='/{verb}']")
        return press(page, then) if then else last

    return go
