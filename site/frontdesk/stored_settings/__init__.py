"""Settings that the admin changes on the site.

They win over config.py and instance/config.py, and the environment wins over them.
"""

from frontdesk.stored_settings.live import init_app, look, when_renewed
from frontdesk.stored_settings.models import StoredSetting
from frontdesk.stored_settings.service import reset, save

__all__ = ["StoredSetting", "init_app", "look", "reset", "save", "when_renewed"]
