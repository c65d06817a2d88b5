"""The extensions that EXTENSIONS names, and which settings are theirs."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from click import ClickException


class BadSetting(ClickException):
    """A setting is unknown, of the wrong kind, or impossible; the message says what to write.

    The ``flask`` command shows it without a traceback.
    """


def belongs_to_extension(name: str, extensions: list[str]) -> bool:
    """Whether an extension named in EXTENSIONS is called like the setting, or speaks of it."""
    prefix = name.split("_", 1)[0]
    for target in extensions:
        kind = type(find(target))
        words = re.split(r"[._:]", target.lower())
        if prefix.lower() in words or prefix.lower() in kind.__name__.lower():
            return True
        if f"{prefix}_" in _source(kind):
            return True
    return False


def _source(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # it is compiled
        return ""


def find(target: str) -> Any:
    """The object that ``"package.module:object"`` names.

    :raise BadSetting: if there is no such module or object, or it is no extension
    """
    module, _, attribute = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting(
            f'EXTENSIONS: "{target}" can\'t be imported ({error}). '
            'Write "package.module:object" and put the package on PYTHONPATH.'
        ) from error
    if not hasattr(found, "init_app"):
        raise BadSetting(f'EXTENSIONS: "{target}" has no init_app(app). Name the one that has.')
    return found
