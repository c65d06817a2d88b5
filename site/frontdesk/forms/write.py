"""What ``templates/bootstrap5/form.html`` calls to write a form.

It is Python because Jinja macros around WTForms' widgets cost 350 µs for a log-in form, and
this 25. A designer changes the macros, which keep Bootstrap-Flask's names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup
from wtforms import Field

from frontdesk.forms.controls import join, requested, text, write_attributes
from frontdesk.forms.questions import Frame, write_question


class Written(NamedTuple):
    """The inside of a form: its questions, its buttons, and whether files go with it."""

    fields: Markup
    buttons: tuple[Field, ...]
    multipart: bool


def write_fields(
    form: Iterable[Field],
    wrap: str = "mb-3",
    columns: Sequence[Any] | None = None,
    inline: bool = False,
    token: bool = True,
) -> Written:
    """All questions of a form, and the buttons to write below them."""
    frame, html, buttons, multipart = Frame(wrap, columns, inline), "", [], False
    for field in form:
        kind = getattr(field.widget, "input_type", "")
        if kind == "submit":
            buttons.append(field)
        elif token or field.type != "CSRFTokenField":
            html += "\n" + write_question(field, frame, requested(field))
            multipart = multipart or kind == "file"
    return Written(_markup(html), tuple(buttons), multipart)


def write_field(
    field: Field,
    wrap: str = "mb-3",
    columns: Sequence[Any] | None = None,
    inline: bool = False,
    given: Mapping[str, Any] | None = None,
) -> Markup:
    """One question; ``given`` are attributes for its control besides those in its ``render_kw``."""
    return _markup(write_question(field, Frame(wrap, columns, inline), requested(field, given)))


def write_button(
    field: Field, style: str = "primary", size: str = "", named: bool = False
) -> Markup:
    """A submit button. It has a name only where a form has several, and never an id.

    An element called "submit" would hide ``form.submit()`` from scripts.
    """
    asked = requested(field)
    css = f"btn btn-{style}" + (f" btn-{size}" if size in ("sm", "lg") else "")
    names = {"name": field.name, "value": "y"} if named else {}
    attributes = write_attributes({**names, **asked, "class": join(css, asked.get("class"))})
    return _markup(f'<button type="submit"{attributes}>{text(field.label.text)}</button>')


def _markup(html: str) -> Markup:
    """Each piece was escaped where it was written."""
    return Markup(html)  # noqa: S704
