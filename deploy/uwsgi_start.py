"""What each uWSGI process does at its start, beside the first requests: see gunicorn.conf.py."""

from __future__ import annotations

from threading import Thread

import uwsgi

from frontdesk import assets
from frontdesk.accounts.passwords import verify_password
from wsgi import application


def start() -> None:
    """Make the static files, warm up the log-in, and do jobs where that is the server's part."""
    Thread(target=assets.prepare, args=[application], daemon=True).start()
    Thread(target=verify_password, args=[None, ""], daemon=True).start()
    if application.config["JOBS"] == "embedded":
        application.extensions["jobs"].embed()


def end() -> None:
    """Let the jobs of this process come to an end."""
    application.extensions["jobs"].stop()


if uwsgi.worker_id():  # 0 is the master, which serves nobody
    start()
    uwsgi.atexit = end
