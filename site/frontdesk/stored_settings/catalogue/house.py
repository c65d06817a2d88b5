"""Settings of the house: its name and address, mail, space, uploads, the log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from frontdesk.stored_settings.catalogue.setting import Setting

SITE = (
    Setting(
        "SITE_NAME",
        _("Name of the site"),
        _("It stands in the header and in every title."),
        "text",
        pattern=r".{1,60}",
        example="Studio",
    ),
    Setting(
        "PUBLIC_URL",
        _("Address of the site"),
        _("Links in letters begin with it. Empty: the address that the browser asked for."),
        "text",
        example="https://files.example.org",
    ),
    Setting(
        "TRUSTED_HOSTS",
        _("Host names"),
        _("The site answers to these and to no others. Empty: to any. One a line."),
        "list",
        pattern=r"[^\s/:]+",
        example="files.example.org",
    ),
    Setting(
        "TRUSTED_PROXIES",
        _("Proxies in front"),
        _(
            "How many reverse proxies stand before the site. Too many lets visitors choose their "
            "address, too few shows the proxy’s. 0 believes no forwarded header."
        ),
        needs_restart=True,
    ),
)
MAIL = (
    Setting(
        "MAIL_URL",
        _("Mail server"),
        _("It takes the letters. It may hold a password, so it is never shown. Empty: no change."),
        "text",
        pattern=r"smtps?://[^\s/]+/?",
        example="smtp://USER:PASSWORD@HOST:587",
        is_secret=True,
    ),
    Setting(
        "MAIL_FROM",
        _("Sender"),
        _("Who writes the letters."),
        "text",
        example="Frontdesk <desk@example.org>",
    ),
)
SPACE = (
    Setting(
        "MAX_FILE_SIZE",
        _("Largest file"),
        _("A larger one is refused while it comes in."),
        "bytes",
        least=1,
    ),
    Setting(
        "QUOTA",
        _("Space of a member"),
        _("For whom no other is set. Who has more already keeps it, and can’t add to it."),
        "bytes",
    ),
    Setting(
        "TOTAL_QUOTA",
        _("Space of all members"),
        _("All that is kept counts together. 0 is no limit but the disk’s."),
        "bytes",
    ),
    Setting(
        "MIN_FREE_SPACE",
        _("Kept free on the disk"),
        _("Below it nothing is taken in. It is at most a quarter of the disk."),
        "bytes",
    ),
    Setting(
        "MAX_VERSIONS",
        _("Versions of a file"),
        _("So many are kept, the newest among them. 0 keeps all."),
    ),
)
UPLOADS = (
    Setting(
        "MAX_OPEN_UPLOADS",
        _("Unfinished uploads"),
        _("A member may have so many at a time."),
        least=1,
    ),
    Setting(
        "UPLOAD_EXPIRY",
        _("Kept when untouched"),
        _("After that an upload can’t go on, and its space comes back. 0 keeps it for ever."),
        "seconds",
    ),
    Setting(
        "MIN_UPLOAD_RATE",
        _("Slowest upload"),
        _("What brings fewer bytes a second, over half a minute, is ended. 0 takes any."),
        "bytes",
    ),
)
UPKEEP = (
    Setting(
        "SCRUB_EVERY",
        _("Days until files are verified again"),
        _("The server reads each stored byte again and compares it. 0: never by itself."),
    ),
    Setting(
        "SCRUB_RATE",
        _("MB a second for that"),
        _("At most, so that visitors don’t wait. 0 is as fast as it goes."),
    ),
    Setting(
        "BACKUP_EVERY",
        _("Days from one backup to the next"),
        _("Into the folder that BACKUP_TO names where the site is started. 0: none."),
    ),
    Setting(
        "BACKUP_KEEP",
        _("Backups that are kept"),
        _("The latest; what only older ones need is removed. 0 keeps all."),
    ),
)
LOG = (
    Setting(
        "LOG_RETENTION",
        _("Days that the log is kept"),
        _("Older entries are removed once a day, for good. 0 keeps all."),
    ),
    Setting(
        "SLOW_REQUEST",
        _("Slow answers"),
        _("Those that took so many milliseconds are noted in the server’s lines. 0 notes none."),
        needs_restart=True,
    ),
    Setting(
        "SLOW_QUERY",
        _("Slow database statements"),
        _("The same of one statement; its values are never noted."),
        needs_restart=True,
    ),
    Setting(
        "LOG_LEVEL",
        _("Lines of the server"),
        _("What the server writes to its standard output at least."),
        "choice",
        (
            ("debug", _("everything")),
            ("info", _("what happens")),
            ("warning", _("warnings")),
            ("error", _("errors")),
        ),
        needs_restart=True,
    ),
    Setting(
        "LOG_FORMAT",
        _("Form of those lines"),
        _("JSON is for programs, text for eyes."),
        "choice",
        (("auto", _("text in development, else JSON")), ("json", _("JSON")), ("text", _("text"))),
        needs_restart=True,
    ),
)
