"""How much lies in a folder, in words; the database's triggers keep the figures."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from frontdesk.language import number


def said(folders_in: int, files_in: int) -> str:
    """ "12 folders, 1,204 files"; what there is none of isn't said."""
    parts = []
    if folders_in:
        words = ngettext("%(count)s folder", "%(count)s folders", folders_in,
                         count=number(folders_in))  # fmt: skip
        parts.append(words)
    if files_in:
        words = ngettext("%(count)s file", "%(count)s files", files_in, count=number(files_in))
        parts.append(words)
    return str(_(", ")).join(parts)
