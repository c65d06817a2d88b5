"""How gunicorn serves Frontdesk: `make run` uses it, and so does systemd/frontdesk.service.

It listens at HOST:PORT or at BIND, such as unix:/run/frontdesk/http.sock; where systemd hands it an
open socket, at that. WEB_CONCURRENCY is the number of its processes, UMASK who else may read what
the site writes. `flask deploy gunicorn` prints it with your folder and your socket as defaults.

Threads: a slow upload holds one, so there are many (gthread 2 x 64 keeps 90 % of its pages under
64 slow uploads; 2 x 8 none). One import serves all workers: nothing is opened before the fork.
"""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "site"))

# Each file of a form holds a descriptor until the request ends, and a form may have a thousand.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

wsgi_app = "wsgi:application"
HERE = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '5000')}"
bind = os.environ.get("BIND") or HERE
worker_class = "frontdesk.gthread.Worker"  # gthread, but that no thread waits for a head
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 64
preload_app = True
timeout = 120  # a worker that says nothing for so long is replaced; uploads run in threads
graceful_timeout = 3  # with two seconds for the rest of it the whole stop takes at most 5
keepalive = 15
limit_request_line = 8190  # bytes; a path of folders in Chinese takes nine a character
worker_connections = 4_000  # idle ones cost a descriptor each, and none a thread
umask = int(os.environ.get("UMASK", "077"), 8)  # what the site writes is for its own user
control_socket_disable = True
# Only TRUSTED_PROXIES decides which forwarded headers are believed, not gunicorn's own defaults.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers = {}  # which it would believe of anybody at a unix socket
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")


def when_ready(server):
    """Say where the site is; with no account yet, where to make the first one."""
    from frontdesk.startup import greeting

    with suppress(OSError):  # on a full disk the site serves all the same
        print(greeting(server.app.wsgi(), str(server.LISTENERS[0])), flush=True)


def post_worker_init(worker):
    """Do beside the first requests what one of them would wait for."""
    from threading import Thread

    from frontdesk.accounts.passwords import verify_password
    from frontdesk.standby import prepare

    site = worker.app.wsgi()
    if site.config["JOBS"] == "embedded":
        site.extensions["jobs"].embed()
    Thread(target=prepare, args=[site], daemon=True).start()
    Thread(target=verify_password, args=[None, ""], daemon=True).start()


def worker_exit(server, worker):
    """Let the jobs of this worker come to an end; the main process calls it too, and has none."""
    worker.app.wsgi().extensions["jobs"].stop()
