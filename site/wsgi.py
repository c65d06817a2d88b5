"""What a production server serves: gunicorn, uWSGI and mod_wsgi find ``application`` here."""

from __future__ import annotations

from frontdesk import create_app
from frontdesk.settings import BadSetting, refuse_debug

try:
    application = create_app()
except BadSetting as error:
    raise SystemExit(f"Frontdesk doesn't start: {error}") from None
refuse_debug(application)
