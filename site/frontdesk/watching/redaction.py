"""What leaves the site in a report of an error says nothing of people, whatever the error said."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.logs import SECRETS


def _quoted(found: re.Match[str]) -> str:
    """The quotes, as far as they are there, around nothing."""
    begin = found[0][0]
    end = found[1] or found[2] or found[3]
    return f"{begin}…{end or ''}"


# What stands in quotes. One within a word ends nothing and begins nothing: "can't open 'a name'".
BEGIN, END = r"(?:(?<!\w)|(?<=\b[bru]))", r"(?!\w)"
SINGLE, DOUBLE = (rf"{BEGIN}{q}(?:\\.|[^\\])*?({q}{END}|\Z)" for q in "'\"")
# Secrets in addresses as in the log, whole query strings, tokens, mail addresses; the rows that
# PostgreSQL shows; and all quotes, for that is where errors repeat what somebody typed.
HIDDEN = (
    (SECRETS, r"\1/…"),
    (re.compile(r"\?[^\s'\"]+=[^\s'\"]*"), "?…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 …"),
    (re.compile(r"[^\s@<>'\"]+@[^\s@<>'\"]+"), "…@…"),
    (re.compile(r"(?s)\bDETAIL:.*?(?=\n\[SQL:|\Z)"), "DETAIL: …"),
    (re.compile(rf"(?s){SINGLE}|{DOUBLE}|“[^”]*(”|\Z)"), _quoted),
)
LONGEST = 2_000
# What Sentry may be told of an event; nothing else leaves, whatever a later version adds.
KEPT = {"event_id", "timestamp", "level", "platform", "exception", "tags", "contexts", "sdk"}


def redacted(text: str) -> str:
    """``text`` without what may be anybody's."""
    for pattern, instead in HIDDEN:
        text = pattern.sub(instead, text)
    return text[:LONGEST]


def scrub(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """Sentry's ``before_send``: the kind of error, where it was, and the request's id."""
    event = {name: value for name, value in event.items() if name in KEPT}
    for error in event.get("exception", {}).get("values", []):
        error["value"] = redacted(str(error.get("value") or ""))
        for frame in (error.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    return event
