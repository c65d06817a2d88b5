"""Every setting of Frontdesk, with its default. Plain literals only.

Change a setting in instance/config.py (same names) or in the environment as FRONTDESK_NAME;
FRONTDESK_NAME_FILE names a file that holds the value, for secrets. docs/settings.md tells more.
"""

# What the site is called, in the header and in every title.
SITE_NAME = "Frontdesk"

# Signs cookies. Empty: made once and kept in instance/secret-key, readable by its owner only.
SECRET_KEY = ""
# Older keys that still open cookies, newest first, while you change the key.
SECRET_KEY_FALLBACKS = []

# Where people, files and the log are listed; a relative path lies in the instance folder.
DATABASE_URL = "sqlite:///frontdesk.db"
# The most connections to PostgreSQL that one process has at once.
DATABASE_CONNECTIONS = 32
# Where the bytes of files lie; a relative path lies in the instance folder.
STORAGE_URL = "file:files"
# Limits, jobs and locks of many machines. Nothing uses it yet: empty is in-process.
REDIS_URL = ""
# Who does what is done later, such as thumbnails: "embedded", the server itself; or "worker", the
# command `flask worker`, as many as you start.
JOBS = "embedded"
# How mail leaves: "smtp://USER:PASSWORD@HOST:587", "smtps://…", or "folder:mail" to look at it;
# empty shows links to copy instead. And who writes, such as "Frontdesk <desk@example.org>".
MAIL_URL = ""
MAIL_FROM = ""

# The site's own address, such as "https://files.example.org", for absolute links.
PUBLIC_URL = ""
# How many reverse proxies stand in front; 0 believes no forwarded header.
TRUSTED_PROXIES = 0
# Who sends downloads: empty, the site itself; "x-accel-redirect", nginx, or "x-sendfile", Apache,
# where they offer it.
SEND_FILE_BY = ""
# Host names that the site answers to; empty answers to any.
TRUSTED_HOSTS = []

# The largest file, the space of one member, and the disk space always left free, in bytes.
MAX_FILE_SIZE = 10_000_000_000
QUOTA = 50_000_000_000
MIN_FREE_SPACE = 1_000_000_000
# The space of all members together, in bytes; 0 is no limit but the disk's.
TOTAL_QUOTA = 0
# How many versions of a file are kept, the newest among them; 0 keeps all.
MAX_VERSIONS = 20
# How many unfinished uploads a member may have, and for how many seconds an untouched one is
# kept; 0 keeps it for ever.
MAX_OPEN_UPLOADS = 128
UPLOAD_EXPIRY = 604_800
# An upload that brings fewer bytes a second, over half a minute, is ended; 0 waits for any.
MIN_UPLOAD_RATE = 1_024

# Who may make an account: "closed", only whom somebody invites; "invite", the same, and a page says
# so; or "open", everybody, and an admin lets them in. How many registrations one address may send
# in a LOGIN_WINDOW.
REGISTRATION = "closed"
REGISTER_TRIES = 10
# Whether members may invite too, and for how many seconds an invite lasts unless its form says
# otherwise.
MEMBERS_MAY_INVITE = False
INVITE_EXPIRY = 604_800

# Wrong passwords allowed in a window of so many seconds: for one name from one address, from
# one address in all, and for one name from all addresses but the devices it logged in on before.
LOGIN_TRIES = 10
LOGIN_TRIES_PER_ADDRESS = 100
LOGIN_TRIES_PER_NAME = 100
LOGIN_WINDOW = 900
# A log-in ends after so many seconds unused, at the latest after so many seconds in all, and
# lasts so long where "remember" was ticked.
SESSION_IDLE = 86_400
SESSION_LIFETIME = 1_209_600
SESSION_REMEMBERED = 2_592_000
# The secret of a remembered log-in changes after so many seconds, so that a copied cookie is
# noticed; 0 leaves it.
SESSION_ROTATION = 86_400
# For so many seconds after a password or passkey was shown, what touches the account itself is not
# asked for it again; and so long a password that was right waits for the second step.
PROOF_LIFETIME = 600
# A device that is trusted is not asked for the second step for so many seconds; 0 trusts none.
TRUSTED_DEVICE = 2_592_000
# The roles that must have a second step, such as ["admin"] or ["admin", "member"].
REQUIRE_SECOND_STEP = []

# For so many seconds a member who has asked to leave can log in and keep the account.
DELETE_GRACE = 1_209_600

# An OpenID provider that members may log in with: who it is, what it calls this site and the secret
# between them, what people call it, and other hosts that it answers at.
OIDC_ISSUER = ""
OIDC_CLIENT_ID = ""
OIDC_CLIENT_SECRET = ""
OIDC_NAME = "the company log-in"
OIDC_HOSTS = []
# Who comes from there and is no member becomes one if this claim has one of these values, and an
# admin if it has one of those.
OIDC_PROVISION = ""
OIDC_PROVISION_VALUES = []
OIDC_ADMIN_VALUES = []

# Flask extensions to add, as "package.module:object"; each gets init_app(app).
EXTENSIONS = []
# The designer's folder with templates/ and static/; a relative path lies in the instance folder.
THEME = "theme"

# Stored bytes are read again and compared once in so many days, at most so many MB a second; 0
# days: never by the server itself, 0 MB: as fast as it goes.
SCRUB_EVERY = 30
SCRUB_RATE = 20
# The folder that the server backs itself up to, once in so many days: on another disk. It keeps so
# many backups, 0 keeps all. A key "age1…", or a file with one, encrypts them.
BACKUP_TO = ""
BACKUP_EVERY = 1
BACKUP_KEEP = 14
BACKUP_KEY = ""

# "debug", "info", "warning" or "error"; and "json", "text" or "auto" (text in development).
LOG_LEVEL = "info"
LOG_FORMAT = "auto"
# The token that a monitor shows to read /metrics from elsewhere (16 characters or more); without
# one only this machine itself may.
METRICS_TOKEN = ""
# Statements of the database and answers that took so many milliseconds are noted; 0 notes none.
SLOW_QUERY = 500
SLOW_REQUEST = 5_000
# Where errors are told to Sentry, and spans to OpenTelemetry, such as "http://127.0.0.1:4318"; of
# how many requests in a hundred. Nothing of people is sent.
SENTRY_DSN = ""
OTLP_ENDPOINT = ""
TRACE_PERCENT = 100
# The log of who did what is kept for so many days; 0 keeps it for ever.
LOG_RETENTION = 0
