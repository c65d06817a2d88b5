"""How templates behave here: unknown names are loud, the designer's copies win."""

from __future__ import annotations

from jinja2 import StrictUndefined, Undefined


class Loud(StrictUndefined):
    """A name the template does not know is an error, except in a test for truth."""

    __slots__ = ()
    __bool__ = Undefined.__bool__  # type: ignore[assignment]
    __eq__ = Undefined.__eq__
    __hash__ = Undefined.__hash__
