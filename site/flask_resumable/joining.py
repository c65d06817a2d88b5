"""A whole from parts (tus, concatenation). Asked again, the same whole, crash or not."""

import contextlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from . import errors
from .protocol.commands import Part, Wish
from .store import Held
from .upload import Upload

if TYPE_CHECKING:
    from .uploads import Answer, Uploads


def join(uploads: "Uploads", wish: Wish) -> "tuple[Upload, Answer]":
    """Put the parts together, in their order.

    :raise Refused: 400 404 413 423 507
    """
    with contextlib.ExitStack() as stack:
        found = {part.id: part for part in wish.parts}
        holds = {i: stack.enter_context(uploads.hold(i)) for i in sorted(found)}
        parts = [_part(holds[part.id], part) for part in wish.parts]
        whole = _whole_of(uploads, wish, parts) or _new_whole(uploads, wish, parts)
        held = stack.enter_context(uploads.hold(whole.id))
        return held.upload, _put_together(uploads, held, parts)


def mark(parts: Sequence[Held], whole: str) -> None:
    """Each part says where it goes, before that exists: who asks again finds it by this."""
    for part in parts:
        if part.upload.joined != whole:
            part.upload.joined = whole
            part.save()


def _part(held: Held, part: Part) -> Held:
    """:raise Refused: 404 for another's part; 400 for one that is not whole."""
    if not secrets.compare_digest(held.upload.key, part.key):
        raise errors.missing()
    if not held.upload.partial or held.upload.offset != held.upload.length:
        raise errors.not_joinable()
    return held


def _whole_of(uploads: "Uploads", wish: Wish, parts: list[Held]) -> Upload | None:
    """What these parts went into, if it was made."""
    found: list[Upload] = []
    for whole in {part.upload.joined for part in parts} - {""}:
        with contextlib.suppress(errors.Refused):
            found.append(uploads.find(UUID(whole)))
    if not found:
        _none_yet(parts)
        return None
    if len(found) > 1 or found[0].parts != [part.address for part in wish.parts]:
        raise errors.not_joinable()
    return found[0]


def _none_yet(parts: list[Held]) -> None:
    """:raise Refused: 404 if there was one, which has gone with the bytes."""
    for part in parts:
        if part.upload.joined and part.upload.offset and not part.upload.path.exists():
            raise errors.missing()


def _new_whole(uploads: "Uploads", wish: Wish, parts: list[Held]) -> Upload:
    try:
        return uploads.begin(wish, sum(part.upload.offset for part in parts), parts)
    except BaseException:
        mark(parts, "")
        raise


def _put_together(uploads: "Uploads", held: Held, parts: list[Held]) -> "Answer":
    if held.upload.offset != held.upload.length:
        held.join([part.upload.id for part in parts])
    try:
        answer = uploads.finish_due(held)
    except errors.Refused:
        if held.upload.forgotten:
            mark(parts, "")
        raise
    for part in parts:
        part.discard()
        uploads.hooks.tell(uploads.hooks._removed, part.upload)
    return answer
