"""Every page and state of the site: who sees it, and how one gets there. Without JavaScript too."""

from __future__ import annotations

from tests.chromium.states.accounts import ACCOUNTS
from tests.chromium.states.admin import ADMIN
from tests.chromium.states.bin import BIN
from tests.chromium.states.errors import ERRORS
from tests.chromium.states.files import FILES
from tests.chromium.states.folders import FOLDERS
from tests.chromium.states.hello import HELLO
from tests.chromium.states.invites import INVITES
from tests.chromium.states.passwords import PASSWORDS
from tests.chromium.states.people import PEOPLE_PAGES
from tests.chromium.states.posts import POSTS
from tests.chromium.states.profile import PROFILE
from tests.chromium.states.second_steps import SECOND_STEPS
from tests.chromium.states.sessions import SESSIONS
from tests.chromium.states.uploads import UPLOADS
from tests.chromium.states.ways import State

__all__ = ["PEOPLE", "STATES", "State"]

STATES = (
    *HELLO,
    *ERRORS,
    *ACCOUNTS,
    *UPLOADS,
    *FILES,
    *FOLDERS,
    *BIN,
    *PASSWORDS,
    *PROFILE,
    *SECOND_STEPS,
    *POSTS,
    *SESSIONS,
    *ADMIN,
    *PEOPLE_PAGES,
    *INVITES,
)
PEOPLE = sorted({state.who for state in STATES})
