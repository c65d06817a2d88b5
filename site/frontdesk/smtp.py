"""How letters reach a mail server: over TLS whose certificate is checked.

Flask-Mailman's STARTTLS takes any certificate, and whoever stands between would read the links.
"""

from __future__ import annotations

import smtplib
import ssl
from typing import Any

from flask_mailman.backends import smtp


class Checking(smtplib.SMTP):
    """Asks the server who it is when it goes over to TLS."""

    def starttls(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        """:raise ssl.SSLCertVerificationError: if it is another, or nobody vouches for it"""
        return super().starttls(context=ssl.create_default_context())


class EmailBackend(smtp.EmailBackend):
    """Flask-Mailman finds it by this name."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return smtplib.SMTP_SSL if self.use_ssl else Checking
