"""What a production server serves: gunicorn, uWSGI and mod_wsgi find ``application`` here."""

from __future__ import annotations

from frontdesk import create_app
from frontdesk.settings import refuse_debug

application = create_app()
refuse_debug(application)
