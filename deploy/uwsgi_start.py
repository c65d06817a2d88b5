"""What each uWSGI process does at its start, beside the first requests: see gunicorn.conf.py."""

from __future__ import annotations

from threading import Thread

import uwsgi

from frontdesk.accounts.passwords import verify_password
from frontdesk.standby import prepare
from wsgi import application


def start() -> None:
    """Make the static files, warm up the log-in, and do jobs where that is the server's part."""
    Thread(target=prepare, args=[application], daemon=True).start()
    Thread(target=verify_password, args=[None, ""], daemon=True).start()
    if application.config["JOBS"] == "embedded":
        application.extensions["jobs"].embed()


def end() -> None:
    """Let the jobs of this process come to an end."""
    application.extensions["jobs"].stop()


uwsgi.post_fork_hook = start  # this file itself is read once, by the master, which serves nobody
uwsgi.atexit = end
