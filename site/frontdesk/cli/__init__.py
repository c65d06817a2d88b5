"""What the ``flask`` command adds: people, upkeep, and a site to look at."""

from __future__ import annotations

from flask import Flask

from frontdesk.cli import backup, check, demo, deploy, move, people, upkeep

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Add the commands."""
    own = (*upkeep.COMMANDS, *backup.COMMANDS, check.check, deploy.deploy, move.move, demo.demo)
    for command in (people.user, *own):
        app.cli.add_command(command)
