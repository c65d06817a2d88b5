"""Backups: one moment of the whole site, verified while it is copied, and put back.

``making`` makes one, ``restoring`` puts one back, ``source`` reads one; ``folder`` and ``archive``
are the two forms; ``migrating`` keeps the database before it is changed, ``nightly`` is the job.
"""

from frontdesk.backup.history import Last, last

__all__ = ["Last", "last"]
