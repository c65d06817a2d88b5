"""What happens without a request: finishing after a crash, removing what has expired."""

import contextlib
import logging
import time
from pathlib import Path
from threading import Lock
from uuid import UUID

from .errors import Refused
from .uploads import Uploads

_log = logging.getLogger(__name__)
_DAY = 86400.0


class Keeper:
    """One per app and process."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._recovered = False
        self._lock = Lock()

    def recover_once(self) -> None:
        """Before the first request is answered."""
        with self._lock:
            if not self._recovered:
                self._recovered = True
                self.recover()

    def recover(self) -> int:
        """Finish uploads that are all here but were not taken over; one that fails stays."""
        return sum(self._finished(upload_id) for upload_id in list(self.uploads.store.ids()))

    def _finished(self, upload_id: UUID) -> bool:
        try:
            if not self.uploads.find(upload_id).due:
                return False
            with self.uploads.hold(upload_id, 0) as held:
                self.uploads.finish_due(held)
        except Refused:
            return False  # somebody is at it, or it has gone
        except Exception:
            _log.exception("Upload %s could not be finished; it is tried again", upload_id)
            return False
        return True

    def purge(self) -> int:
        """Remove expired uploads, unless the clock jumped, and files without an owner."""
        if not self._clock_is_sane():
            _log.warning("The clock jumped; nothing is removed this time")
            return 0
        self.recover()
        removed = sum(self._expired(upload_id) for upload_id in list(self.uploads.store.ids()))
        return removed + self.uploads.store.sweep(_DAY)

    def _expired(self, upload_id: UUID) -> bool:
        try:
            if not self.uploads.find(upload_id).expired:
                return False
            with self.uploads.hold(upload_id, 0) as held:
                if expired := held.upload.expired:
                    self.uploads.forget(held)
        except Refused:
            return False
        return expired

    def _clock_is_sane(self) -> bool:
        """One bad reading must not expire everything: a jump needs a second witness."""
        settings = self.uploads.settings
        file, now = Path(settings.folder) / "clock", time.time()
        last = now
        with contextlib.suppress(FileNotFoundError, ValueError):
            last = float(file.read_text())
        file.write_text(str(now))
        return last <= now <= last + max(settings.expiry, _DAY)
