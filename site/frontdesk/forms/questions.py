"""How a question looks in HTML: label, hint, control, error; the kinds of questions there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext as _
from markupsafe import escape
from wtforms import Field

from frontdesk.forms.controls import (
    NOT_ATTRIBUTES,
    Attributes,
    accepted,
    file_hint,
    join,
    requested,
    text,
    write_attributes,
    write_control,
)

CLASSES = {"range": "form-range", "color": "form-control form-control-color"}
# What browsers and phones should know of a question that does not say it itself.
KNOWN: dict[str, Attributes] = {
    "email": {"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    "password": {"autocomplete": "current-password"},
    "search": {"enterkeyhint": "search"},
    "tel": {"autocomplete": "tel", "inputmode": "tel"},
    "url": {"inputmode": "url", "spellcheck": "false"},
}


class Frame(NamedTuple):
    """Where a question stands; ``columns`` are Bootstrap's: breakpoint, label, control."""

    wrap: str
    columns: Sequence[Any] | None
    inline: bool

    def cell(self, offset: bool = False) -> tuple[str, str]:
        """What opens and closes the column of the control, in a form of two columns."""
        if not self.columns:
            return "", ""
        size, label, control = self.columns
        css = f"offset-{size}-{label} " if offset else ""
        return f'<div class="{css}col-{size}-{control}">', "</div>"

    def label(self) -> str:
        if not self.columns:
            return "form-label"
        return f"col-form-label col-{self.columns[0]}-{self.columns[1]}"

    def row(self) -> str:
        return f"{self.wrap} row" if self.columns else self.wrap


def write_question(field: Field, frame: Frame, asked: Attributes) -> str:
    """The question with ``asked`` as attributes of its control."""
    kind = getattr(field.widget, "input_type", "")
    return _writer(field, kind)(field, kind, asked, frame)


def _writer(field: Field, kind: str) -> Callable[[Any, str, Attributes, Frame], str]:
    if kind:
        return KINDS.get(kind, _line)
    if hasattr(field, "iter_choices") and hasattr(field.widget, "html_tag"):
        return _group
    return _nested if hasattr(field, "entries") or hasattr(field, "form") else _line


def _hidden(field: Field, kind: str, asked: Attributes, frame: Frame) -> str:
    """Without an id: several forms on one page have the same hidden fields."""
    return write_control(field, {**asked, "id": False})


def _line(field: Field, kind: str, asked: Attributes, frame: Frame) -> str:
    chosen = not kind and hasattr(field, "iter_choices")
    hint = field.description
    if kind == "file":
        hint, asked = hint or file_hint(field), {"accept": accepted(field), **asked}
    elif kind in KNOWN:
        asked = {**KNOWN[kind], **asked}
    css = "form-select" if chosen else CLASSES.get(kind, "form-control")
    optional = _is_optional(field, chosen) and kind != "search"
    open_cell, close_cell = frame.cell()
    return (
        f'<div class="{frame.row()}">{_label(field, frame.label(), asked, optional)}{open_cell}'
        f"{_hint(field, hint, asked)}{write_control(field, _with_state(field, css, hint, asked))}"
        f"{_error(field)}{close_cell}</div>"
    )


def _check(field: Field, kind: str, asked: Attributes, frame: Frame) -> str:
    switch = field.type == "SwitchField"
    if switch:
        asked = {"role": "switch", **asked}
    css = frame.wrap + " form-check" + (" form-switch" if switch else "")
    css += " form-check-inline" if frame.inline else ""
    open_cell, close_cell = frame.cell(offset=True)
    if open_cell:
        open_cell, close_cell = f'<div class="row">{open_cell}', f"{close_cell}</div>"
    attributes = _with_state(field, "form-check-input", field.description, asked)
    return (
        f'{open_cell}<div class="{css}">{write_control(field, attributes)}'
        f"{_label(field, 'form-check-label', asked)}{_hint(field, field.description, asked)}"
        f"{_error(field)}</div>{close_cell}"
    )


def _group(field: Any, kind: str, asked: Attributes, frame: Frame) -> str:
    """Radio buttons, or checkboxes for one question: the question is the legend."""
    radio = field.option_widget.input_type == "radio"
    names = write_attributes(
        {
            "role": "radiogroup" if radio else False,
            # Chromium says nothing of `required` on the buttons themselves.
            "aria-required": "true" if radio and field.flags.required else False,
            "aria-describedby": _described(field, field.description) or False,
        }
    )
    mark = _optional() if _is_optional(field, radio) else ""
    css = join(frame.label(), asked.get("label_class"))
    open_cell, close_cell = frame.cell()
    choices = "".join(
        _choice(field, number, choice, asked, frame)
        for number, choice in enumerate(field.iter_choices())
    )
    return (
        f'<fieldset class="{frame.row()}"{names}>'
        f'<legend class="{css}">{text(field.label.text)}{mark}</legend>{open_cell}'
        f"{_hint(field, field.description, asked)}{choices}{_error(field)}"
        f"{close_cell}</fieldset>"
    )


def _choice(field: Any, number: int, choice: Any, asked: Attributes, frame: Frame) -> str:
    value, words, selected, more = choice
    kind = field.option_widget.input_type
    attributes = {
        "type": kind,
        "id": f"{field.id}-{number}",
        "name": field.name,
        "value": str(value),
        "checked": bool(selected),
        "required": kind == "radio" and bool(field.flags.required),
        "disabled": bool(field.flags.disabled),
        "class": "form-check-input" + (" is-invalid" if field.errors else ""),
        "aria-invalid": "true" if field.errors else False,
        "aria-describedby": f"{field.id}-error" if field.errors else False,
        **(more or {}),
    }
    css = join("form-check-label", asked.get("radio_class"))
    return (
        f'<div class="form-check{" form-check-inline" if frame.inline else ""}">'
        f"<input{write_attributes(attributes)}>"
        f'<label class="{css}" for="{escape(attributes["id"])}">{text(words)}</label></div>'
    )


def _nested(field: Any, kind: str, asked: Attributes, frame: Frame) -> str:
    """A form in a form, or a list of the same question."""
    names = f' aria-describedby="{escape(field.id)}-hint"' if field.description else ""
    parts = "".join(
        write_question(part, frame, requested(part))
        for part in field
        if part.type != "CSRFTokenField"
    )
    return (
        f'<fieldset class="{frame.wrap}"{names}><legend>{text(field.label.text)}</legend>'
        f"{_hint(field, field.description, asked)}{parts}</fieldset>"
    )


KINDS = {"hidden": _hidden, "checkbox": _check}


# Parts of a question


def _is_optional(field: Field, chosen: bool) -> bool:
    return bool(field.flags.optional or not (chosen or field.flags.required))


def _optional() -> str:
    words = _("(optional)")  # not inside the f-string, where Babel doesn't find it
    return f' <span class="optional">{text(words)}</span>'


def _label(field: Field, css: str, asked: Attributes, optional: bool = False) -> str:
    css = join(css, asked.get("label_class"))
    mark = _optional() if optional else ""
    return f'<label class="{css}" for="{escape(field.id)}">{text(field.label.text)}{mark}</label>'


def _hint(field: Field, hint: Any, asked: Attributes) -> str:
    if not hint:
        return ""
    css = join("form-text", asked.get("description_class"))
    return f'<p class="{css}" id="{escape(field.id)}-hint">{text(hint)}</p>'


def _error(field: Field) -> str:
    if not field.errors:
        return ""
    words = "<br>".join(text(error) for error in field.errors)
    names = f'id="{escape(field.id)}-error" data-field="{escape(field.name)}"'
    word = _("Error:")
    prefix = f'<span class="visually-hidden">{text(word)} </span>'
    return f'<p class="invalid-feedback d-block" {names}>{prefix}{words}</p>'


def _described(field: Field, hint: Any, given: str = "") -> str:
    """What is read aloud after the question: the hint first, the error last."""
    ids = [f"{field.id}-hint"] if hint else []
    ids += [given] if given else []
    ids += [f"{field.id}-error"] if field.errors else []
    return " ".join(ids)


def _with_state(field: Field, css: str, hint: Any, asked: Attributes) -> Attributes:
    """The attributes of a control: what was asked, its classes, and what is wrong with it."""
    attributes = {name: value for name, value in asked.items() if name not in NOT_ATTRIBUTES}
    if field.errors:
        css += " is-invalid"
        attributes["aria-invalid"] = "true"
    if hint or field.errors:
        attributes["aria-describedby"] = _described(field, hint, asked.get("aria-describedby", ""))
    attributes["class"] = join(css, asked.get("class"))
    return attributes
