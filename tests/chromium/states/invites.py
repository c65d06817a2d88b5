"""Who is invited, who registers by themselves, and who waits to be let in."""

from __future__ import annotations

from tests.chromium.people import INVITE
from tests.chromium.states.ways import State, after, at

INVITES = (
    State("invite", "carol", at(INVITE)),
    State("invite-wrong", "carol", after(INVITE, "invite", username="a b", password="x"), 422),
    State("invite-logged-in", "alice", at(INVITE)),
    State("register", "carol", at("/register")),
    State("register-wrong", "carol", after("/register", "register", email="x"), 422),
    State("registered", "carol", at("/register/done")),
    State("admin-invites", "root", at("/admin/invites")),
    State("admin-invite-new", "root", at("/admin/invites/new")),
    State("admin-invite-made", "root", after("/admin/invites/new", "invite")),
    State("admin-waiting", "root", at("/admin/waiting")),
    State("my-invites", "bob", at("/profile/invites")),
)
