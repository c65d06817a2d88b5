"""Resumable uploads for Flask: tus 1.0.0 and the IETF's Resumable Uploads for HTTP. See
README.md."""

from .errors import Refused
from .extension import Resumable
from .receiving import open_body
from .store import LocalStore, Store
from .upload import Upload

__all__ = ["LocalStore", "Refused", "Resumable", "Store", "Upload", "open_body"]
