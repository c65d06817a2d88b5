"""What the ``flask`` command adds: people, and upkeep."""

from __future__ import annotations

from flask import Flask

from frontdesk.cli import people, upkeep

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (people.user, *upkeep.COMMANDS):
        app.cli.add_command(command)
