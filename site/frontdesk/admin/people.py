"""/admin/people - everybody who has an account: found by a piece of a name, filtered, by key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import BindParameter, Select, Subquery, bindparam, exists, func, or_, select
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.accounts.models import (
    ADMIN,
    MEMBER,
    Authenticator,
    LoginSession,
    Member,
    Passkey,
    username_key,
)
from frontdesk.accounts.people import HERE
from frontdesk.admin.overview import bp
from frontdesk.files import service as files
from frontdesk.files.paging import Part, View, a_page
from frontdesk.pages import page

MAY_LOG_IN = (Member.disabled_at.is_(None), Member.waiting_since.is_(None))
STATES = {
    "enabled": MAY_LOG_IN,
    "disabled": (Member.disabled_at.is_not(None),),
    "waiting": (Member.waiting_since.is_not(None), Member.disabled_at.is_(None)),
    "leaving": (Member.leaves_at.is_not(None),),
}
COLUMNS: tuple[Any, ...] = (
    *(Member.id, Member.username, Member.username_key, Member.display_name, Member.role),
    *(Member.used, Member.reserved, Member.quota),
    *(Member.disabled_at, Member.waiting_since, Member.leaves_at),
)
ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is looked for; what the address doesn't say, or says wrongly, is everybody."""

    key: str = ""
    role: str = ""
    state: str = ""

    @classmethod
    def of(cls, asked: Any) -> Asked:
        """As the page's address says it."""
        role, state = asked.get("role", ""), asked.get("state", "")
        return cls(
            asked.get("key", "").strip()[:64],
            role if role in {ADMIN, MEMBER} else "",
            state if state in STATES else "",
        )

    def query(self, **more: str | None) -> str:
        """The end of an address that asks for this, with ``more`` changed; a place starts anew."""
        asked = {"key": self.key, "role": self.role, "state": self.state, **more}
        said = {name: value for name, value in asked.items() if value}
        return f"?{urlencode(said)}" if said else ""


@bp.get("/people")
@admin_only
def people() -> Response:
    """List who has an account, fifty at a time by username."""
    asked, view = Asked.of(request.args), replace(View.of(request.args), sort="name")
    facts = {"key": _piece(username_key(asked.key)), "typed": _piece(asked.key)}
    statement = _statement(asked.role, asked.state, bool(asked.key))
    part = Part(
        "p", statement, Member.username_key, Member.id, False, facts if asked.key else {}, _shown
    )
    found = a_page([part], view)
    return page(
        "admin/people.html",
        asked=asked,
        people=[(row, files.space_of(row)) for row in found.lines["p"]],
        before=found.before,
        after=found.after,
    )


@lru_cache(64)  # putting a statement together costs more than running it
def _statement(role: str, state: str, is_search: bool) -> Select[Any]:
    found: Select[Any] = select(*COLUMNS).where(HERE, *STATES.get(state, ()))
    if role:
        found = found.where(Member.role == role)
    if is_search:  # what is typed may be a piece, so there is no index for it; 10,000 rows: 10 ms
        key: BindParameter[str] = bindparam("key")
        typed: BindParameter[str] = bindparam("typed")
        like = (
            Member.username_key.like(key, escape="\\"),
            func.lower(Member.display_name).like(key, escape="\\"),
            Member.display_name.like(typed, escape="\\"),  # SQLite's lower() knows ASCII alone
            func.lower(Member.email).like(key, escape="\\"),
        )
        found = found.where(or_(*like))
    return found


def _shown(few: Subquery) -> Select[Any]:
    """What only the few on the page are asked for: when seen last, and the second step."""
    seen = select(func.max(LoginSession.seen_at)).where(LoginSession.member_id == few.c.id)
    app = exists().where(
        Authenticator.member_id == few.c.id, Authenticator.confirmed_at.is_not(None)
    )
    key = exists().where(Passkey.member_id == few.c.id)
    return select(
        few, seen.scalar_subquery().label("seen_at"), or_(app, key).label("has_second_step")
    )


def _piece(text: str) -> str:
    return f"%{text.translate(ESCAPED)}%"
