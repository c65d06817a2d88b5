"""/profile - who you are here."""

from __future__ import annotations

from flask import Blueprint, flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import portraits
from frontdesk.language import LANGUAGE_COOKIE, THEME_COOKIE, YEAR, language, speak, theme
from frontdesk.pages import page, see
from frontdesk.profile import service
from frontdesk.profile.forms import ProfileForm
from frontdesk.security import set_cookie

bp = Blueprint("profile", __name__)


@bp.route("/profile", methods=["GET", "POST"])
def profile() -> Response:
    """Show and change a member's names, theme, language and picture."""
    member = service.get(current_user.id)
    form = ProfileForm(
        display_name=member.display_name,
        about=member.about,
        theme=member.theme or theme(),
        language=member.language or language(),
    )
    if form.validate_on_submit():
        with form.explains():
            _save(form)
            speak(form.language.data)
            flash(_("Your profile is saved."))
            response = see("profile.profile")
            set_cookie(response, THEME_COOKIE, form.theme.data, YEAR)
            set_cookie(response, LANGUAGE_COOKIE, form.language.data, YEAR)
            return response
    return page("profile/profile.html", form, member=member)


def _save(form: ProfileForm) -> None:
    """:raise Refused: if the picture isn't one; then nothing is saved"""
    if form.image.data:
        service.save_picture(current_user.id, form.image.data)
    elif form.remove_image.data:
        portraits.remove_picture(current_user.id)
    service.save(
        current_user.id,
        display_name=(form.display_name.data or "").strip(),
        about=(form.about.data or "").strip(),
        theme=form.theme.data,
        language=form.language.data,
    )
