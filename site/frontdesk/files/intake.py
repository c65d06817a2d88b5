"""The files that came with a form: taken in one by one, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage

from frontdesk.files import arrivals, coming, folders, names, service
from frontdesk.files.arrivals import Arrival, OnConflict
from frontdesk.files.models import File
from frontdesk.files.receive import Request
from frontdesk.forms import Refused
from frontdesk.security import csrf
from frontdesk.storage import Staged
from frontdesk.watching import counts


@dataclass(slots=True)
class Outcome:
    """What came of one request: the files that stay, and the refusals of the others."""

    path: list[str]
    on_conflict: OnConflict = "number"
    arrivals: list[Arrival] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def saved(self) -> list[File]:
        return [arrival.file for arrival in self.arrivals]

    def refuse(self, no: Refused) -> None:
        """Note a refusal; what is wrong with the folder is said once, not for each file."""
        if no.why not in {known.why for known in self.refused}:
            self.refused.append(no)

    def give_up(self, files: list[FileStorage]) -> None:
        """Refuse ``files`` without trying, since the database takes nothing for now."""
        for file in files:
            name = names.clean(file.filename or "")
            said = _("“%(name)s” could not be saved. Try again in a minute.", name=name)
            self.refuse(Refused(said, "the_file", 503))

    def that_came(self, how: str) -> list[str]:
        """The names of those that came so; see :class:`Arrival`."""
        return [arrival.file.name for arrival in self.arrivals if arrival.came == how]

    @property
    def status(self) -> int:
        return max((no.status for no in self.refused), default=422)


def receive() -> None:
    """Let the files of this request go straight to storage.

    :raise 400: if the form has no CSRF token of ours
    """
    room = service.space(current_user.id).left
    most = current_app.config["MAX_FILE_SIZE"]
    asked = cast(Request, request)
    coming.begin(asked.receive_into(service.storage(), most, room, service.kept_free()))
    if current_app.config["WTF_CSRF_ENABLED"]:  # others' tests switch it off
        csrf.protect()


def keep(path: list[str], on_conflict: OnConflict = "number") -> Outcome:
    """Keep the files of this request in the member's folder at ``path``, each for itself."""
    outcome = Outcome(path, on_conflict)
    _keep_each(request.files.getlist("the_file"), outcome)
    asked = cast(Request, request)
    if asked.too_slow:
        said = _("The transfer was too slow to go on. Choose the files that are missing once more.")
        outcome.refuse(Refused(said, "the_file", 408))
    elif asked.cut_off:
        said = _("The connection broke off. Choose the files that are missing once more.")
        outcome.refuse(Refused(said, "the_file", 400))
    return outcome


def _keep_each(files: list[FileStorage], outcome: Outcome) -> None:
    for number, file in enumerate(files):
        try:
            _keep_one(file, outcome)
        except Refused as no:
            outcome.refuse(no)
        except OperationalError as error:
            if not outcome.saved:
                raise  # the page of a busy site says that nothing was changed, and is right
            current_app.logger.error("The database refused", exc_info=error)
            outcome.give_up(files[number:])
            break


def _keep_one(sent: FileStorage, outcome: Outcome) -> None:
    raw = sent.filename or ""
    parents = _folders_in(raw)
    staged = cast(Staged, sent.stream)
    path = outcome.path + parents
    with counts.taking_in("form"):
        arrival = arrivals.take_in(current_user.id, path, raw, staged, outcome.on_conflict)
    counts.took_in("form", arrival.file.size)
    outcome.arrivals.append(arrival)
    if "/".join([*parents, arrival.file.name]) != raw:
        outcome.renamed.append((raw, arrival.file.name))


def _folders_in(raw: str) -> list[str]:
    """The folders that a browser names when a whole folder was chosen; none of a hostile name."""
    *parents, _last = raw.split("/")
    is_plain = "\\" not in raw and not raw.startswith("/") and ".." not in parents
    return names.folder_parts("/".join(parents)) if is_plain else []


def path_of(file: File) -> list[str]:
    """The folders that ``file`` is in, outermost first, and its name."""
    return [*folders.path_of(folders.get(file.folder_id)), file.name]


def describe(file: File) -> dict[str, Any]:
    """A file as programs see it; ``size`` in bytes, ``path`` as folder/name."""
    return {
        "id": str(file.id),
        "name": file.name,
        "path": "/".join(path_of(file)),
        "size": file.size,
        "type": file.media_type,
        "sha256": file.blob.sha256,
        "url": url_for("files.download", file_id=file.id, filename=file.name),
        "version": file.version,
    }
