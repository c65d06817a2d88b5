"""`Resumable(app)`: the extension itself."""

import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore
from uuid import UUID

from flask import Flask, abort, current_app, make_response, request, url_for

from .errors import Refused, _, gone, missing
from .hooks import Hooks
from .keeping import Keeper
from .settings import Settings
from .store import LocalStore, Store
from .upload import Upload
from .uploads import Uploads
from .views import make_blueprint

Gettext = Callable[[str], str]


class Resumable(Hooks):
    """Resumable uploads for any Flask app: tus 1.0.0 and the IETF's protocol on the same addresses.

    `Resumable(app)` alone works, and lets everybody upload; the hooks, all decorators, say who may
    and what happens then. `store` is another keeper than a local folder; `gettext` translates
    the sentences of refusals. `slots` is a semaphore that the app's own uploads take as well, in
    place of `RESUMABLE_SLOTS`: a thread that waits for a body is none for pages, whoever sends it.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        store: Store | None = None,
        gettext: Gettext = _,
        slots: Semaphore | None = None,
    ) -> None:
        self.gettext = gettext
        self._store, self._slots = store, slots
        self.blueprint = make_blueprint(self)
        """For `csrf.exempt(…)`: browsers do not send such requests across sites unasked."""
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read `RESUMABLE_…` and serve the addresses."""
        settings = Settings.of(app.config, app.instance_path)
        store = self._store or LocalStore(
            Path(settings.folder), settings.expiry, settings.keep_free
        )
        uploads = Uploads(store, settings, self, self._slots)
        app.extensions["resumable"] = Keeper(uploads)
        app.register_blueprint(self.blueprint, url_prefix=settings.url_prefix)

    @staticmethod
    def renew(app: Flask) -> None:
        """Read `RESUMABLE_…` again: limits, times and rates; not the folder, address and slots."""
        uploads = app.extensions["resumable"].uploads
        uploads.settings = settings = Settings.of(app.config, app.instance_path)
        if isinstance(uploads.store, LocalStore):
            uploads.store.expiry, uploads.store.keep_free = settings.expiry, settings.keep_free

    @property
    def keeper(self) -> Keeper:
        """What `recover` and `purge` are called on."""
        found: Keeper = current_app.extensions["resumable"]
        return found

    @property
    def uploads(self) -> Uploads:
        """The verbs of the current app."""
        return self.keeper.uploads

    @property
    def store(self) -> Store:
        """Where the current app's uploads lie."""
        return self.uploads.store

    def address(self, upload: Upload) -> str:
        """Where the upload is continued; whoever knows it may. It outlives any session."""
        return url_for("resumable.upload", upload_id=upload.id, key=upload.key)

    def recover(self) -> int:
        """Finish what a crash left unfinished; how many. Also happens at the first request."""
        return self.keeper.recover()

    def purge(self) -> int:
        """Remove what has expired and what nobody owns; how many."""
        return self.keeper.purge()

    def may_create(self, metadata: dict[str, str]) -> None:
        """Ask `authorize`, which may also raise or return an answer of its own.

        :raise Refused: 403
        """
        says = None if self._authorize is None else self._authorize(request, metadata)
        if says is False:
            raise Refused(403, _("You may not upload here."))
        if says not in (None, True):
            abort(make_response(says))

    def may_continue(self, upload_id: UUID) -> Upload:
        """The upload, for who has its key, or whom the `access` hook lets in.

        :raise Refused: 404 for everybody else; 410
        """
        upload = self.uploads.find(upload_id)
        if not self._has_key(upload) and not (self._access and self._access(request, upload)):
            raise missing()
        if upload.expired:
            raise gone()
        self.tell(self._continued, upload)
        return upload

    @staticmethod
    def _has_key(upload: Upload) -> bool:
        key = request.args.get("key") or request.headers.get("Upload-Key", "")
        return secrets.compare_digest(upload.key.encode(), key.encode())
