"""/admin/health - how the site is, what to do about it, a test of the set-up, and failed jobs."""

from __future__ import annotations

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from frontdesk import audit, jobs, mail
from frontdesk.access import admin_only
from frontdesk.accounts.models import Member
from frontdesk.admin import checks
from frontdesk.admin.overview import bp
from frontdesk.check import inside
from frontdesk.check import service as check
from frontdesk.db import db, transaction
from frontdesk.jobs.models import FAILED, LARGEST_ID, Job
from frontdesk.pages import page, see


@bp.get("/health")
@admin_only
def health() -> Response:
    """Show all checks; 200 whatever they find, for it is a page to read."""
    inside_now, tested = inside.quick(), check.last()
    return page(
        "admin/health.html",
        inside=inside_now,
        tested=tested,
        outside=tested.without(inside_now) if tested else [],
        is_coming=check.is_coming(),
        house=list(checks.of_house()),
        setup=list(checks.of_setup(request)),
        failed=[(job, job.error and _(job.error)) for job in checks.failed_jobs()],
        versions=checks.versions(),
        can_write=mail.is_on() and bool(_own_address()),
        is_nameless=mail.is_on() and not _own_address(),
    )


@bp.post("/health/check")
@admin_only
def check_setup() -> Response:
    """Have the set-up tested from outside, at the site's own address and nowhere else."""
    url = check.address() or request.host_url.rstrip("/")
    if not check.may_ask(url):
        flash(_("Set the address of the site first: it is tested there."), "error")
        return see("admin.change_settings", key="site")
    with transaction():
        audit.record("setup.check", member_id=current_user.id, url=url)
        check.ask(url)
    flash(_("The set-up is being tested. What was found will stand here."))
    return see("admin.health")


@bp.post("/health/jobs/<int:job_id>/again")
@admin_only
def try_job_again(job_id: int) -> Response:
    """Have a job that failed done once more.

    :raise 404: if there is no such job
    """
    with transaction() as session:
        job = session.get(Job, job_id) if job_id <= LARGEST_ID else None
        if job is None:
            abort(404)
        if job.state == FAILED:
            facts = {"kind": job.kind, "subject": job.subject}
            audit.record("job.again", member_id=current_user.id, **facts)
            jobs.ask(job.kind, job.subject, again=True)
    flash(_("It is being tried again."))
    return see("admin.health")


@bp.post("/health/letter")
@admin_only
def send_test_letter() -> Response:
    """Send a letter to who asks, to see whether letters leave."""
    if mail.is_on() and (to := _own_address()):
        with transaction():
            audit.record("mail.test", member_id=current_user.id)
            mail.send(to, "test")
        flash(_("A letter to %(address)s is on its way.", address=to))
    return see("admin.health")


def _own_address() -> str:
    return db.session.scalar(select(Member.email).where(Member.id == current_user.id)) or ""
