"""/post/… - what waits for a member, what they sent, and a new post."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.accounts import service as accounts
from frontdesk.files import intake, zipped
from frontdesk.files.intake import Outcome
from frontdesk.files.packing import Parcel
from frontdesk.files.places import send as send_bytes
from frontdesk.forms import Form
from frontdesk.pages import page, see
from frontdesk.posts import service
from frontdesk.posts.forms import PostForm
from frontdesk.security import csrf

bp = Blueprint("posts", __name__)
SENT = ["Sent"]  # the folder that a sender finds the files of their posts in


@bp.get("/post/")
def posts() -> Response:
    """Show what waits, what is done, and what was sent."""
    me = current_user.id
    return page(
        "posts/posts.html",
        waiting=service.received_by(me, done=False),
        done=service.received_by(me, done=True),
        sent=service.sent_by(me),
    )


@bp.route("/post/new", methods=["GET", "POST"])
@csrf.exempt  # intake.receive() checks the token, once it has said where the files shall go
def new() -> Response:
    """Ask for recipients, a message and files; then show the post."""
    if request.method == "POST":
        intake.receive()
    form = PostForm(to=request.args.get("to", ""))
    if form.validate_on_submit():
        with form.explains():
            to = service.find_recipients(form.to.data or "")
            outcome = intake.keep(SENT)
            if outcome.refused:
                return _say_what_failed(form, outcome)
            post = service.send(current_user.id, to, form.message.data or "", outcome.saved)
            flash(_("It is sent."))
            return see("posts.post", post_id=post.id)
    if form.errors and any(sent.filename for sent in request.files.getlist("the_file")):
        form.the_file.errors = [*form.the_file.errors, _("Choose the files again")]
    return page("posts/new.html", form, people=accounts.everybody())


@bp.get("/post/<int:post_id>")
def post(post_id: int) -> Response:
    """Show a post to its sender and its recipients."""
    found = service.get_post(current_user.id, post_id)
    mine = [line for line in found.recipients if line.member_id == current_user.id]
    return page("posts/post.html", Form(), post=found, mine=mine[0] if mine else None)


@bp.post("/post/<int:post_id>/done")
def done(post_id: int) -> Response:
    """Put a post away, or bring it back."""
    found = service.get_post(current_user.id, post_id)
    service.set_done(current_user.id, found, "undo" not in request.form)
    return see("posts.posts")


def _say_what_failed(form: PostForm, outcome: Outcome) -> Response:
    said = [no.why for no in outcome.refused]
    if outcome.saved:
        said.append(_("The other files are in your folder Sent; nothing was sent yet."))
    form.the_file.errors = said
    return page("posts/new.html", form, outcome.status, people=accounts.everybody())


@bp.get("/post/<int:post_id>/<uuid:file_id>/<filename>")
def download(post_id: int, file_id: UUID, filename: str) -> Response:
    """The bytes of a file in a post, for its sender and its recipients."""
    file = service.get_post_file(current_user.id, post_id, file_id)
    wanted = bool(request.args.get("download"))
    return send_bytes(file.blob, file.name, file.media_type, download=wanted)


@bp.get("/post/<int:post_id>/zip")
def zip(post_id: int) -> Response:
    """All files of a post as one zip, for its sender and its recipients."""
    found = service.get_post(current_user.id, post_id)
    parcel = Parcel()
    for file in found.files:
        parcel.add_file("", file.name, file.created_at, file.blob_id, file.size)
    return zipped.send(parcel, _("Post %(number)s", number=post_id))
