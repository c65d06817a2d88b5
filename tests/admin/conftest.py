"""What tests of the admin's pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from frontdesk.accounts.models import Member
from frontdesk.db import transaction

Change = Callable[..., None]


@pytest.fixture
def change(app: Flask) -> Change:
    """Write facts of a member's row, by their name."""

    def change(name: str, **facts: Any) -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Member).where(Member.username == name).values(**facts))

    return change
