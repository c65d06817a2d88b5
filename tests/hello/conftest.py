"""What the tests of the first pages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from tests import postgresql

from frontdesk.db import db


@pytest.fixture
def without_database(app: Flask, instance: Path) -> None:
    """The database is gone: its file, or what the server of PostgreSQL had of it."""
    with app.app_context():
        db.engine.dispose()
    postgresql.drop(instance)
    for part in instance.glob("frontdesk.db*"):
        part.unlink()
