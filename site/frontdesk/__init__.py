"""Frontdesk: greets who comes, takes in and hands out files, and knows who is who."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask_bootstrap import Bootstrap5

from frontdesk import (
    access,
    assets,
    cli,
    db,
    errors,
    extensions,
    forms,
    instance,
    jobs,
    language,
    logs,
    mail,
    security,
    settings,
    startup,
    stored_settings,
    templating,
    watching,
)
from frontdesk.accounts import (
    invite,
    login,
    oidc,
    openid,
    passkey,
    password,
    proof,
    register,
    rotation,
    second_step,
    setup,
)
from frontdesk.admin import (
    health,
    invites,
    log,
    overview,
    person,
    recovery,
    rights,
    space,
    waiting,
)
from frontdesk.admin import people as people_page
from frontdesk.admin import settings as setting_pages
from frontdesk.api import people
from frontdesk.check import probe
from frontdesk.files import (
    bin,
    browse,
    file,
    folder,
    picture,
    put,
    receive,
    select,
    sending,
    upload,
    uploads,
    version,
)
from frontdesk.hello import about, choices, home, metrics
from frontdesk.hello import health as readiness
from frontdesk.posts import links, parcels, visit
from frontdesk.profile import (
    address,
    delete,
    export,
    identities,
    inviting,
    notifications,
    passkeys,
    profile,
    sessions,
    time_zone,
    tokens,
    two_factor,
)
from frontdesk.profile import password as own_password

ROOT = Path(__file__).resolve().parents[2]
PLUMBING = (
    *(db, stored_settings, logs, watching, probe, access, security, Bootstrap5(), language),
    *(forms, mail, templating, assets, errors, jobs, receive, uploads, openid, rotation, cli),
)
PAGES = (
    *(login, setup, second_step, passkey, proof, password, invite, register, oidc),
    *(home, choices, about, readiness, metrics),
    *(upload, sending, browse, file, version, bin, picture),
    *(folder, select, put, parcels, links, visit),
    *(profile, own_password, two_factor, passkeys, sessions, identities, tokens),
    *(address, time_zone, notifications, inviting, export, delete),
    *(overview, people_page, person, rights, recovery, waiting, invites),
    *(space, setting_pages, log, health, people),
)


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the site from config.py, instance/config.py, the environment and ``overrides``."""
    app = Flask(
        __name__,
        root_path=str(ROOT),
        instance_path=settings.instance_folder(ROOT, overrides or {}),
    )
    settings.load(app, ROOT / "config.py", overrides or {})

    instance.make(app)
    startup.refuse_to_begin_anew(app)
    startup.keep_secret_key(app)
    for part in PLUMBING:
        part.init_app(app)
    for place in dict.fromkeys(page.bp for page in PAGES):  # pages of one place share a blueprint
        app.register_blueprint(place)
    extensions.init_app(app)
    startup.migrate(app)
    startup.greet_developer(app)
    return app
