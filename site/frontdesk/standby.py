"""Pages that a front server shows in the site's place: when it is down, or a body was too large.

They lie beside the static files, made anew at each start. Nobody is there to ask which language a
visitor reads, so each page says it in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Flask, render_template
from flask_babel import gettext as _

from frontdesk import assets, language
from frontdesk.assets import compress

FOLDER = "assets/standby"


def prepare(app: Flask) -> None:
    """Make the static files and these pages, beside the first requests of a server."""
    assets.prepare(app)
    try:
        write(app)
    except OSError as error:  # as on a full disk: those of the last start stay
        app.logger.warning("The pages for a site that is down were not written: %s", error)


def write(app: Flask) -> None:
    """Make ``down.html`` and ``large.html`` in the instance folder."""
    with app.test_request_context():
        for name, status in (("down", 502), ("large", 413)):
            page = render_template(
                "errors/standby.html",
                said=list(_said(name)),
                status=status,
                bundle=assets.address("css/bundle.css"),
            )
            compress.write(Path(app.instance_path, FOLDER, f"{name}.html"), page.encode())


def _said(name: str) -> Iterator[dict[str, str]]:
    for choice in language.LANGUAGES:
        with language.speaking(choice):
            yield {"tag": language.TAGS[choice], **_words(name)}


def _words(name: str) -> dict[str, str]:
    if name == "large":
        return {
            "title": _("This is too large"),
            "what": _("The site takes less than that at once. Send files on the upload page."),
            "way": _("Upload files"),
            "to": "/upload",
        }
    return {
        "title": _("The site is not available"),
        "what": _(
            "It starts again, or has a problem. What was saved is safe. Try again in a minute."
        ),
        "way": _("Go to the start"),
        "to": "/",
    }
