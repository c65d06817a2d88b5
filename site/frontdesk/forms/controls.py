"""The controls of a form as HTML: what WTForms' widgets write, at a tenth of the cost.

WTForms spends 40 µs on an input, most of it sorting and wrapping attributes. Widgets that are
not listed here (numbers, dates, a project's own) are asked themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from jinja2.filters import do_filesizeformat
from markupsafe import escape
from wtforms import Field, widgets

Attributes = dict[str, Any]

# Keys of render_kw that name classes of other elements, as in Bootstrap-Flask.
NOT_ATTRIBUTES = {"label_class", "description_class", "radio_class"}


def text(words: Any) -> str:
    """Words as HTML. A lazy translation is looked up once; Markup stays what it is."""
    return escape(words if isinstance(words, str) else str(words))


def join(css: str, more: Any) -> str:
    """Classes and more classes."""
    return f"{css} {more}" if more else css


def requested(field: Field, given: Mapping[str, Any] | None = None) -> Attributes:
    """``render_kw`` and ``given`` in one, under their HTML names."""
    asked = dict(field.render_kw) if field.render_kw else {}
    if given:
        asked.update(given)
    for name in [name for name in asked if "_" in name and name not in NOT_ATTRIBUTES]:
        asked[name.rstrip("_").replace("_", "-")] = asked.pop(name)
    return asked


def write_attributes(attributes: Attributes) -> str:
    """As WTForms writes them: True is a bare name, False is left out."""
    out = ""
    for name, value in attributes.items():
        if value is True:
            out += f" {name}"
        elif value is not False and value is not None:
            out += f' {name}="{text(value)}"'
    return out


def write_control(field: Any, asked: Attributes) -> str:
    """The field's own element with the attributes ``asked`` (under their HTML names)."""
    write = CONTROLS.get(type(field.widget))
    if write is None or getattr(field, "_datalist", None) is not None:
        left_out = dict.fromkeys((field.render_kw or {}).keys() - asked.keys(), False)
        return str(field(**left_out, **asked))
    attributes = {"id": field.id, "name": field.name}
    flags = vars(field.flags)
    if flags:
        for name in field.widget.validation_attrs:
            if name in flags:
                attributes[name] = flags[name]
    attributes.update(asked)
    return write(field, attributes)


def _input(field: Any, attributes: Attributes) -> str:
    attributes.setdefault("value", field._value())
    return f'<input type="{field.widget.input_type}"{write_attributes(attributes)}>'


def _password(field: Any, attributes: Attributes) -> str:
    if field.widget.hide_value:
        attributes["value"] = False
    return _input(field, attributes)


def _checkbox(field: Any, attributes: Attributes) -> str:
    if field.data:
        attributes.setdefault("checked", True)
    return _input(field, attributes)


def _file(field: Any, attributes: Attributes) -> str:
    attributes["value"] = False
    if field.widget.multiple:
        attributes["multiple"] = True
    return _input(field, attributes)


def _textarea(field: Any, attributes: Attributes) -> str:
    # A browser drops the first line break after the tag, so that text may begin with one.
    return f"<textarea{write_attributes(attributes)}>\n{text(field._value())}</textarea>"


def _select(field: Any, attributes: Attributes) -> str:
    if field.widget.multiple:
        attributes["multiple"] = True
    if field.has_groups():
        inner = "".join(_group(name, choices) for name, choices in field.iter_groups())
    else:
        inner = _options(field.iter_choices())
    return f"<select{write_attributes(attributes)}>{inner}</select>"


def _group(name: str | None, choices: Iterable[Any]) -> str:
    inner = _options(choices)
    return inner if name is None else f'<optgroup label="{text(name)}">{inner}</optgroup>'


def _options(choices: Iterable[Any]) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if selected else ""}'
        f"{write_attributes(more or {})}>{text(label)}</option>"
        for value, label, selected, more in choices
    )


CONTROLS: dict[type, Callable[[Any, Attributes], str]] = {
    widgets.CheckboxInput: _checkbox,
    widgets.EmailInput: _input,
    widgets.FileInput: _file,
    widgets.HiddenInput: _input,
    widgets.PasswordInput: _password,
    widgets.SearchInput: _input,
    widgets.Select: _select,
    widgets.TelInput: _input,
    widgets.TextArea: _textarea,
    widgets.TextInput: _input,
    widgets.URLInput: _input,
}


def accepted(field: Field) -> str | bool:
    """The ``accept`` of a file field: what its validators let through, else False."""
    types = [getattr(rule, "upload_set", None) for rule in field.validators]
    return ",".join(f".{t}" for some in types if isinstance(some, Sequence) for t in some) or False


def file_hint(field: Field) -> str:
    """What a file may be, in words, by its field's validators."""
    said = []
    size = current_app.jinja_env.filters.get("size", do_filesizeformat)
    for rule in field.validators:
        types = getattr(rule, "upload_set", None)
        if isinstance(types, Sequence):
            said.append(_("Types: %(types)s.", types=", ".join(types).upper()))
        elif hasattr(rule, "max_size"):
            said.append(_("Up to %(size)s each.", size=size(rule.max_size)))
    return " ".join(said)
