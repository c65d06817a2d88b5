"""Bytes from the server to a file descriptor; knows neither protocols nor stores."""

from .digest import sha256
from .intake import MIB, Intake, Received, TooMuch
from .stream import Body, open_body
from .watch import Claimed, Gone, Stalled, Stopped, Watch

__all__ = [
    "MIB",
    "Body",
    "Claimed",
    "Gone",
    "Intake",
    "Received",
    "Stalled",
    "Stopped",
    "TooMuch",
    "Watch",
    "open_body",
    "sha256",
]  # fmt: skip
