"""Where uploads are kept while they grow; knows neither protocols nor sockets."""

from .contract import Busy, Held, Missing, Store
from .local import LocalStore

__all__ = ["Busy", "Held", "LocalStore", "Missing", "Store"]
