"""Backups under a key, in the format of age (age-encryption.org): its own tool opens them too.

A key is ``age1…``, for whom is encrypted; or a file: with such lines, or with the secret one that
`age-keygen` writes. Only the secret one opens a backup; who encrypts needs no more than the first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from frontdesk.backup.members import Damaged

SECRET, PUBLIC = "AGE-SECRET-KEY-", "age1"
SEALED = b"age-encryption.org/"


class BadKey(Exception):
    """A key can't be meant, or opens nothing; the message says what to do."""


def recipients(key: str) -> list[Any]:
    """For whom to encrypt.

    :raise BadKey: if there is no key in it
    """
    from pyrage import RecipientError, x25519

    lines = [key] if key.startswith(PUBLIC) else _lines(key)
    try:
        found = [x25519.Recipient.from_str(line) for line in lines if line.startswith(PUBLIC)]
    except RecipientError as error:
        raise BadKey(f"{key}: {error}. Name a key that begins with age1, or a file.") from error
    found += [secret.to_public() for secret in _secrets(lines, key)]
    if not found:
        raise BadKey(f"{key} holds no key of age. Make one with age-keygen, or flask backup-key.")
    return found


def identities(key: str) -> list[Any]:
    """What opens a backup.

    :raise BadKey: if it holds no secret key
    """
    found = _secrets(_lines(key), key)
    if not found:
        raise BadKey(f"{key} holds no secret key. Name the file that age-keygen wrote.")
    return found


def fresh() -> tuple[str, str]:
    """A new secret key, and for whom to encrypt so that it opens it."""
    from pyrage import x25519

    secret = x25519.Identity.generate()
    return str(secret), str(secret.to_public())


def _lines(key: str) -> list[str]:
    try:
        data = Path(key).read_bytes()
        if data.startswith(SEALED):  # by age -p
            raise BadKey(f"{key} is under a passphrase. Take that off: age -d {key} > key.txt")
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadKey(f"{key} can't be read as a key: {why}.") from error
    return [line.strip() for line in text.splitlines()]


def _secrets(lines: list[str], key: str) -> list[Any]:
    from pyrage import IdentityError, x25519

    try:
        return [x25519.Identity.from_str(line) for line in lines if line.startswith(SECRET)]
    except IdentityError as error:
        raise BadKey(f"{key}: {error}. Take the file as age-keygen wrote it.") from error


@contextmanager
def sealing(out: BinaryIO, to: list[Any]) -> Iterator[BinaryIO]:
    """Where to write what ``out`` gets encrypted. All of it is there when the ``with`` ends.

    :raise OSError: as ``out`` raised it
    """
    from pyrage import encrypt_io

    reading, writing = os.pipe()
    noting = _Noting(out)

    def work() -> None:
        with os.fdopen(reading, "rb") as source:
            encrypt_io(source, noting, to)

    helper = _Helper(work)
    try:
        with os.fdopen(writing, "wb", 1 << 20) as sink:
            yield sink
    except BrokenPipeError:
        helper.join(noting.error)
        raise
    except BaseException:
        helper.join(quietly=True)
        raise
    helper.join(noting.error)


@contextmanager
def opened(sealed: BinaryIO, by: list[Any]) -> Iterator[BinaryIO]:
    """What is in ``sealed``, to be read to its end.

    :raise BadKey: if none of these opens it
    :raise Damaged: if it was changed or cut
    """
    from pyrage import decrypt_io

    reading, writing = os.pipe()

    def work() -> None:
        with os.fdopen(writing, "wb", 1 << 20) as sink:
            decrypt_io(sealed, sink, by)

    helper = _Helper(work)
    with os.fdopen(reading, "rb", 1 << 20) as source:
        try:
            yield source
        except BaseException:
            source.close()
            helper.raise_for_key()
            raise
        if source.read(1):
            raise Damaged("Something follows its end.")
    helper.raise_for_key()


class _Noting:
    """Writes, and remembers what went wrong: age only passes on the words."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._out.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._out.flush()


class _Helper:
    """age asks for what to read and gives what to write; so it has a thread of its own."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, name="age", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._error = error

    def join(self, because: OSError | None = None, *, quietly: bool = False) -> None:
        """Wait for its end. :raise OSError: what stopped it, ``because`` if that is known"""
        self._thread.join()
        if self._error and not quietly:
            raise because or self._error

    def raise_for_key(self) -> None:
        from pyrage import DecryptError

        self._thread.join()
        if isinstance(self._error, DecryptError):
            raise BadKey("The key doesn't open this backup. Name the secret one.") from self._error
        if isinstance(self._error, OSError) and not isinstance(self._error, BrokenPipeError):
            raise Damaged("It was changed or cut: it can't be decrypted.") from self._error


def is_sealed(file: BinaryIO) -> bool:
    """Whether it is encrypted; it is read from its beginning afterwards."""
    head = file.read(len(SEALED))
    with suppress(OSError):
        file.seek(0)
    return head == SEALED
