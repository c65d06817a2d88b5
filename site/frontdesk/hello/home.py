"""/ and /hello/ - the welcome, the greeting, and a member's dashboard."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.accounts import service as accounts
from frontdesk.files import service as files
from frontdesk.pages import page
from frontdesk.posts import service as posts

bp = Blueprint("hello", __name__)
LONGEST_NAME = 80


@bp.get("/")
@public
def welcome() -> Response:
    """Welcome a stranger; a member goes to their dashboard."""
    if current_user.is_authenticated:
        return redirect(url_for("hello.home"), 302)
    is_set_up = accounts.anybody()
    return page("hello/welcome.html", shared=is_set_up, is_set_up=is_set_up)


@bp.get("/hello/")
@public
def home() -> Response:
    """Greet the world, or show a member what they have."""
    if not current_user.is_authenticated:
        return page("hello/hello.html", person="", shared=True)
    member_id = current_user.id
    waiting, recent = posts.received_by(member_id, done=False), files.recent(member_id)
    return page(
        "hello/dashboard.html",
        given=None if waiting else ("recent", *recent),  # the space is the person's
        person=current_user.shown_name,
        waiting=waiting,
        recent=recent,
        space=files.space_of(current_user),
    )


@bp.get("/hello/<name>")
@public
def greet(name: str) -> Response:
    """Greet ``name``, member or not: who asks can't tell which names have an account."""
    return page("hello/hello.html", person=name[:LONGEST_NAME], shared=True)


@bp.get("/user/<name>")
@public
def user(name: str) -> Response:
    """Where a name leads: the admin to the admin's pages, anybody else to their greeting."""
    if name == "admin":
        return redirect(url_for("admin.overview"), 302)
    return redirect(url_for("hello.greet", name=name), 302)


@public
def alive() -> str:
    """Alive; touches nothing."""
    return "ak"


bp.add_url_rule("/ak", "alive", alive)
