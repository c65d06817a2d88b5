"""What the log's words mean, for people."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

WHAT: dict[str, Any] = {
    "bin.empty": _("emptied the bin"),
    "bin.expire": _("the bin’s old things were removed"),
    "blob.found": _("lost bytes were found again"),
    "blob.lost": _("bytes were found to be lost"),
    "device.forget": _("stopped trusting a device"),
    "device.trust": _("trusted a device"),
    "file.delete": _("moved a file to the bin"),
    "file.move": _("moved a file"),
    "file.remove": _("removed a file for good"),
    "file.rename": _("renamed a file"),
    "file.restore": _("restored an earlier version"),
    "file.undo": _("took a file out of the bin"),
    "file.upload": _("uploaded a file"),
    "file.version": _("uploaded a new version"),
    "file.version.expire": _("an old version was removed"),
    "file.version.remove": _("removed an earlier version"),
    "folder.create": _("made a folder"),
    "folder.delete": _("moved a folder to the bin"),
    "folder.expire": _("a folder in the bin was removed"),
    "folder.remove": _("removed a folder for good"),
    "folder.rename": _("renamed a folder"),
    "folder.undo": _("took a folder out of the bin"),
    "job.again": _("had a failed job tried again"),
    "link.create": _("made a link"),
    "link.revoke": _("revoked a link"),
    "log.export": _("downloaded the log"),
    "mail.test": _("sent a test letter"),
    "member.create": _("an account was made"),
    "member.disable": _("an account was disabled"),
    "member.enable": _("an account was enabled"),
    "member.end-everything": _("ended all log-ins and tokens"),
    "member.login": _("logged in"),
    "member.login-refused": _("a log-in was refused"),
    "member.logout": _("logged out"),
    "member.password": _("a password was changed"),
    "member.picture": _("changed their picture"),
    "member.profile": _("changed their profile"),
    "member.proof-refused": _("a proof was refused"),
    "member.prove": _("proved who they are"),
    "member.quota": _("a quota was changed"),
    "member.role": _("a role was changed"),
    "post.send": _("sent a post"),
    "purge": _("what was over was removed"),
    "purge.wait": _("a purge waited, since the clock jumped"),
    "scrub": _("every byte was read again"),
    "second-step.codes": _("made new recovery codes"),
    "second-step.off": _("switched the second step off"),
    "second-step.on": _("switched the second step on"),
    "second-step.recovered": _("used a recovery code"),
    "second-step.reset": _("a second step was reset"),
    "selection.copy": _("copied files"),
    "selection.move": _("moved files"),
    "session.end": _("ended a log-in"),
    "session.end-all": _("ended all other log-ins"),
    "setting.change": _("changed a setting"),
    "token.create": _("made a token"),
    "token.revoke": _("revoked a token"),
    "upload.begin": _("began an upload"),
    "upload.end": _("discarded an upload"),
}


def in_words(what: str) -> str:
    """``what`` as people say it; empty where nobody has said it yet."""
    return str(WHAT.get(what, ""))
