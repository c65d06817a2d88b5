"""Read the settings: config.py, then instance/config.py, then the environment."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from flask import Config, Flask

from frontdesk.named import BadSetting as BadSetting
from frontdesk.named import belongs_to_extension

PREFIX = "FRONTDESK_"
INSTANCE_PATH = "INSTANCE_PATH"  # moves the instance folder; read before any file is

DERIVED = {
    "BABEL_DEFAULT_LOCALE": "en",
    "BOOTSTRAP_SERVE_LOCAL": True,
    "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,  # every form but the upload
    "MAX_FORM_MEMORY_SIZE": 500_000,
    "MAX_FORM_PARTS": 1_000,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_NAME": "frontdesk",
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_REFRESH_EACH_REQUEST": False,  # a slow answer would bring an older secret back
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # a refusal is logged without them
    "WTF_CSRF_TIME_LIMIT": None,  # as long as the session lasts
}
# What the text of a setting must look like, and how that is said.
# Settings that are known and not used yet; the others are what they were when these come.
NOT_YET = {"REDIS_URL": ""}
NEEDED = {"SENTRY_DSN": "sentry_sdk", "OTLP_ENDPOINT": "opentelemetry"}  # and their packages
MEANT = {
    "DATABASE_URL": (
        r"sqlite:///.+|postgresql\+psycopg://.+",
        '"sqlite:///FILE" or "postgresql+psycopg://USER:PASSWORD@HOST/NAME"',
    ),
    "SITE_NAME": (r"\s*\S.*", "a name"),
    "JOBS": (r"embedded|worker", '"embedded" or "worker"'),
    "LOG_FORMAT": (r"json|text|auto", '"json", "text" or "auto"'),
    "LOG_LEVEL": (r"(?i:debug|info|warning|error)", '"debug", "info", "warning" or "error"'),
    "MAIL_URL": (
        r"(smtps?://\S+|folder:.+|memory:)?",
        'empty, "smtp://USER:PASSWORD@HOST:587", "smtps://…" or "folder:mail"',
    ),
    "MAIL_FROM": (r"([^@\s]+@[^@\s]+|.+<[^@\s]+@[^@\s]+>)?", 'like "desk@example.org"'),
    "PUBLIC_URL": (r"(https?://[^/\s]+/?)?", 'empty or like "https://files.example.org"'),
    "SEND_FILE_BY": (
        r"(x-accel-redirect|x-sendfile)?",
        'empty, "x-accel-redirect" (nginx) or "x-sendfile" (Apache)',
    ),
    "REGISTRATION": (r"closed|invite|open", '"closed", "invite" or "open"'),
    "STORAGE_URL": (r"file:.+", '"file:FOLDER"'),
    "METRICS_TOKEN": (r"(\S{16,})?", "empty or 16 characters at least, without spaces"),
    "SENTRY_DSN": (r"(https?://\w+@[^/\s]+/\S+)?", 'empty or like "https://KEY@HOST/1"'),
    "OTLP_ENDPOINT": (r"(https?://[^\s?#]+)?", 'empty or like "http://127.0.0.1:4318"'),
}


class _Trial(NamedTuple):
    config: Config
    logger: logging.Logger


class Sources(NamedTuple):
    """What the settings are by config.py and by both files; and which come after those, whence."""

    known: Mapping[str, Any]
    files: Mapping[str, Any]
    fixed: Mapping[str, str]


def load(app: Flask, defaults: Path, overrides: Mapping[str, Any]) -> None:
    """Fill ``app.config`` from all sources, the later ones winning.

    :raise BadSetting: if a source names what config.py doesn't, or gives it another kind
    """
    known = _read(defaults)
    given: dict[str, tuple[Any, str]] = {}
    own = Path(app.instance_path) / "config.py"
    if _is_there(own):
        given |= {name: (value, str(own)) for name, value in _read(own).items()}
    files = known | {name: value for name, (value, _) in given.items()}
    environment = dict(_from_environment(known))
    given |= environment
    extensions = given.get("EXTENSIONS", (known["EXTENSIONS"], ""))[0]
    extensions = overrides.get("EXTENSIONS", extensions)
    for name, (value, where) in given.items():
        if name in known:
            _check(name, value, known[name], where)
        elif not belongs_to_extension(name, extensions):
            raise BadSetting(
                f"{where}: {name} is not a setting. Known are: {', '.join(sorted(known))}."
            )
    app.config.update(DERIVED)
    app.config.update(known)
    app.config.update({name: value for name, (value, _) in given.items()})
    app.config.update(overrides)
    fixed = dict.fromkeys(overrides, "") | {name: at for name, (_, at) in environment.items()}
    app.extensions["settings"] = Sources(known, files, fixed)
    _weigh(app)
    derive(app)


def instance_folder(root: Path, overrides: Mapping[str, Any]) -> str:
    """Where the site keeps what it makes, as an absolute path."""
    chosen = overrides.get(INSTANCE_PATH) or os.environ.get(PREFIX + INSTANCE_PATH)
    return str(Path(chosen or root / "instance").resolve())


def flask_command(*names: str) -> bool:
    """Whether this process is ``flask NAME …`` with one of ``names``."""
    program = Path(sys.argv[0])
    is_flask = "flask" in {program.name, program.parent.name}  # or python -m flask
    return is_flask and bool(set(names) & set(sys.argv[1:]))


def refuse_debug(app: Flask) -> None:
    """Stop a production server that was told to debug: it would hand out a console.

    :raise SystemExit: if debug is on
    """
    if app.debug:
        raise SystemExit(
            "Frontdesk doesn't start: debug is on, and a production server must never debug.\n"
            "Unset FLASK_DEBUG, or use `make dev` to work on the site."
        )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise BadSetting(
            f"{path} can't be read ({error.strerror}). Let the user that runs Frontdesk read its "
            "folder, or name another folder in FRONTDESK_INSTANCE_PATH."
        ) from error


def _read(path: Path) -> dict[str, Any]:
    config = Config(path.parent)
    try:
        config.from_pyfile(path.name)
    except Exception as error:
        raise BadSetting(f"{path}: {error}. Write plain Python literals.") from error
    return dict(config)


def _from_environment(known: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, str]]]:
    for variable, raw in sorted(os.environ.items()):
        if not variable.startswith(PREFIX) or variable == PREFIX + INSTANCE_PATH:
            continue
        name = variable.removeprefix(PREFIX)
        if name.endswith("_FILE") and name not in known:
            name, raw = name.removesuffix("_FILE"), _secret(variable, raw)
        yield name, (_parse(raw, known.get(name)), variable)


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(
            f"{variable}: {path} can't be read ({error.strerror}). Name a readable file."
        ) from error


def _parse(raw: str, default: Any) -> Any:
    try:
        value = json.loads(raw)
    except ValueError:
        return raw
    return raw if isinstance(default, str) and not isinstance(value, str) else value


def check(app: Flask, name: str, value: Any) -> None:
    """:raise BadSetting: if it is of another kind than config.py's, or can't be meant"""
    sources: Sources = app.extensions["settings"]
    _check(name, value, sources.known[name], "The database")
    pattern, words = MEANT.get(name, ("", ""))
    if pattern and not re.fullmatch(pattern, value):
        raise BadSetting(f"{name} must be {words}.")


def weigh(config: Config) -> None:
    """:raise BadSetting: if these settings can't work together"""
    silent = logging.getLogger("frontdesk.trial")
    silent.disabled = True  # what does nothing yet was said at the start
    _weigh(_Trial(config, silent))


def _check(name: str, value: Any, default: Any, where: str) -> None:
    if type(value) is type(default) and (type(value) is not int or value >= 0):
        return
    kinds = {bool: "true or false", int: "a whole number from 0", str: "text", list: "a list"}
    kind = kinds[type(default)]
    raise BadSetting(f"{where}: {name} must be {kind}, like {default!r}, not {value!r}.")


def _weigh(app: Flask | _Trial) -> None:
    """:raise BadSetting: if a value can't work here; warn of what does nothing yet"""
    for name, (pattern, words) in MEANT.items():
        if not re.fullmatch(pattern, app.config[name]):
            raise BadSetting(f"{name} must be {words}, not {app.config[name]!r}.")
    is_postgresql = app.config["DATABASE_URL"].startswith("postgresql")
    if is_postgresql and find_spec("psycopg") is None:
        raise BadSetting("DATABASE_URL: PostgreSQL needs the package psycopg. Install it first.")
    _weigh_packages(app.config)
    _weigh_mail(app.config)
    _weigh_roles(app.config["REQUIRE_SECOND_STEP"])
    for name in [name for name, default in NOT_YET.items() if app.config[name] != default]:
        app.logger.warning("%s is set, and does nothing yet", name)


def _weigh_packages(config: Mapping[str, Any]) -> None:
    for name, package in NEEDED.items():
        if config[name] and find_spec(package) is None:
            raise BadSetting(
                f"{name}: the package {package} is missing. Install requirements-scale.txt."
            )


def _weigh_roles(named: list[object]) -> None:
    if wrong := [role for role in named if role not in ("admin", "member")]:
        raise BadSetting(f'REQUIRE_SECOND_STEP may name "admin" and "member", not {wrong[0]!r}.')


def _weigh_mail(config: Mapping[str, Any]) -> None:
    if config["MAIL_URL"] and not (config["MAIL_FROM"] and config["PUBLIC_URL"]):
        raise BadSetting(
            "MAIL_URL needs MAIL_FROM, who writes, and PUBLIC_URL, which the links in letters "
            "begin with. Set both."
        )


def derive(app: Flask) -> None:
    """Set what follows from the settings; again when they have changed."""
    config = app.config
    config["SQLALCHEMY_DATABASE_URI"] = config["DATABASE_URL"]
    config["PERMANENT_SESSION_LIFETIME"] = config["SESSION_REMEMBERED"]
    config["TRUSTED_HOSTS"] = config["TRUSTED_HOSTS"] or None
    config["THEME"] = str(Path(app.instance_path) / config["THEME"])
