"""The admin's pages of people and of space."""

from __future__ import annotations

from tests.chromium.states.ways import State, after, at

WHO = "/admin/people"
PEOPLE_PAGES = (
    State("people", "root", at(WHO)),
    State("people-nobody", "root", at(f"{WHO}?key=zzz&state=enabled")),
    State("person", "root", at(f"{WHO}/alice")),
    State("person-disabled", "root", at(f"{WHO}/erin")),
    State("person-quota-wrong", "root", after(f"{WHO}/alice", "space-allowed", quota="many"), 422),
    State("person-role", "root", at(f"{WHO}/alice/role")),
    State("person-end", "root", at(f"{WHO}/alice/end")),
    State("person-end-wrong", "root", after(f"{WHO}/alice/end", "deed", typed="bob"), 422),
    State("space", "root", at("/admin/space")),
)
