"""Find files and folders by words in their names, on whichever database there is.

``tests/files/test_search_contract.py`` runs on each index.
"""

from __future__ import annotations

from frontdesk.db import db
from frontdesk.files import names
from frontdesk.files.search.contract import MOST, Below, Candidates, Index
from frontdesk.files.search.pieces import Pieces
from frontdesk.files.search.trigrams import Trigrams

__all__ = ["MOST", "Below", "Candidates", "Index", "index", "words"]


def words(key: str) -> list[str]:
    """What somebody typed, as an index looks for it; no word twice."""
    # No name holds a control character; SQLite takes this one for the end.
    return list(dict.fromkeys(names.key(key).replace("\0", "\x02").split()))


def index() -> Index:
    """The one that suits the database."""
    return Pieces() if db.engine.dialect.name == "sqlite" else Trigrams()
