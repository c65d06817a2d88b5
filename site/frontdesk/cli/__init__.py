"""What the ``flask`` command adds: people, upkeep, and a site to look at."""

from __future__ import annotations

from flask import Flask

from frontdesk.cli import backup, demo, people, upkeep

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (people.user, *upkeep.COMMANDS, *backup.COMMANDS, demo.demo):
        app.cli.add_command(command)
