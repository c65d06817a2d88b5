"""The way in: the certificate, old protocols, from http to https, and cookies that stay there."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.check.fronts import NGINX
from frontdesk.check.stranger import Stranger, context
from frontdesk.check.visit import PAGE, Visit
from frontdesk.db import now

SOON = timedelta(days=14)
NEAR = ("localhost", "127.", "[::1]")
HSTS = "Strict-Transport-Security"


def certificate(visit: Visit) -> Iterator[Finding]:
    """Whether browsers take the certificate, and for how long still."""
    if visit.stranger.scheme != "https":
        return
    from cryptography import x509  # takes 30 ms to load

    with closing(replace(visit.stranger, verify=False).connect()) as connection:
        der = connection.getpeercert(True) if isinstance(connection, ssl.SSLSocket) else None
    until = x509.load_der_x509_certificate(der or b"").not_valid_after_utc
    folder = f"/etc/letsencrypt/live/{visit.stranger.name}"
    change = visit.change(
        nginx=f"ssl_certificate {folder}/fullchain.pem;",
        apache=f"SSLCertificateFile {folder}/fullchain.pem",
    )
    day = f"{until:%Y-%m-%d}"
    if until < now():
        said = _("The certificate has expired on %(day)s: browsers turn visitors away.")
        todo = _("Renew it (certbot renew), and reload the front server.")
        yield wrong("tls.certificate", said, todo, change, day=day)
    elif visit.certificate:
        yield _untrusted(visit, change)
    elif until < now() + SOON:
        said = _("The certificate expires on %(day)s, and nothing has renewed it yet.")
        todo = _("See why: certbot renew --dry-run. Then reload the front server.")
        yield warn("tls.certificate", said, todo, change, day=day)
    else:
        yield ok("tls.certificate", _("The certificate is good until %(day)s."), day=day)


def _untrusted(visit: Visit, change: Line) -> Finding:
    said = _("Browsers don’t take the certificate: %(why)s.")
    todo = _("Get one for this name, for example from Let’s Encrypt.")
    say = warn if visit.insecure else wrong
    return say("tls.certificate", said, todo, change, why=visit.certificate)


def protocols(visit: Visit) -> Iterator[Finding]:
    """Whether TLS 1.0 and 1.1 are still spoken, which RFC 8996 ended."""
    if visit.stranger.scheme != "https":
        return
    old = [version.name for version in OLD if _speaks(visit.stranger, version)]
    if not old:
        yield ok("tls.protocols", _("Only TLS 1.2 and 1.3 are spoken."))
        return
    yield warn(
        "tls.protocols",
        _("Old protocols are spoken: %(names)s."),
        _("Speak TLS 1.2 and 1.3 only."),
        visit.change(
            nginx="ssl_protocols TLSv1.2 TLSv1.3;", apache="SSLProtocol -all +TLSv1.2 +TLSv1.3"
        ),
        names=", ".join(old),
    )


OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def _speaks(stranger: Stranger, version: ssl.TLSVersion) -> bool:
    wanted = context(verify=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old is why we ask
        wanted.minimum_version = wanted.maximum_version = version
    wanted.set_ciphers("ALL:@SECLEVEL=0")
    plain = replace(stranger, scheme="http").connect()
    with closing(plain), suppress(OSError):
        wanted.wrap_socket(plain, server_hostname=stranger.name).close()
        return True
    return False


def plain_http(visit: Visit) -> Iterator[Finding]:
    """Whether http leads to https; or, where there is none, whether passwords can be read."""
    stranger = visit.stranger
    if stranger.scheme == "https":
        yield from _leading(visit) if visit.plain_port else ()
    elif not stranger.name.startswith(NEAR):
        said = _("The site is open without https: passwords can be read on the way.")
        yield wrong("tls.plain", said, _("Put https in front: docs/deploying.md tells how."))


def _leading(visit: Visit) -> Iterator[Finding]:
    stranger = visit.stranger
    target = (stranger.target[0], visit.plain_port, *stranger.target[2:])
    guest = replace(stranger, scheme="http", target=target, netloc=stranger.name, timeout=4.0)
    todo = _("Let http lead to https.")
    try:
        answer = guest.plain("GET", PAGE)
    except OSError:
        said = _("Nothing answers at http: who types the name alone may not get here.")
        yield warn("tls.plain", said, todo, _redirect(visit))
        return
    leads = urlsplit(answer.get("Location"))
    if answer.status in {301, 308} and (leads.scheme, leads.hostname) == ("https", stranger.name):
        yield ok("tls.plain", _("http leads to https."))
    else:
        said = _("http doesn’t lead to https; it answers %(status)s.")
        yield wrong("tls.plain", said, todo, _redirect(visit), status=answer.status)


def _redirect(visit: Visit) -> Line:
    return visit.change(
        nginx="return 301 https://$host$request_uri;",
        apache=f"Redirect permanent / https://{visit.stranger.name}/",
    )


def cookies(visit: Visit) -> Iterator[Finding]:
    """Whether browsers are told to come by https only, and give their cookies to nobody else."""
    if visit.stranger.scheme != "https" or visit.saw["scheme"] != "https":
        return  # that is what is wrong, and said
    page = visit.stranger.plain("GET", "/login")
    cookies, hsts = page.all("Set-Cookie"), page.all(HSTS)
    loose = [one for one in cookies if not one.startswith("__Host-") or "secure" not in one.lower()]
    if cookies and not loose and len(hsts) == 1:
        yield ok("tls.cookies", _("Browsers are told to use https only, cookies too."))
    elif loose or not cookies:
        said = _("Cookies arrive changed or not at all: nobody can log in, or not safely.")
        line = {"nginx": "# proxy_cookie_flags …;", "apache": "# Header edit Set-Cookie …"}
        yield wrong("tls.cookies", said, _("Hand them on as they are."), visit.change(**line))
    else:
        said = _("Strict-Transport-Security arrives %(count)s times, not once.")
        line = {"nginx": f"# add_header {HSTS} …;", "apache": f"# Header always set {HSTS} …"}
        if not hsts and visit.front.kind == NGINX:
            line = {"nginx": f"# proxy_hide_header {HSTS};"}
        todo = _("The site sets it itself: take the line away in front.")
        yield warn("tls.cookies", said, todo, visit.change(**line), count=len(hsts))


def why_untrusted(stranger: Stranger) -> str:
    """What is wrong with the certificate, in OpenSSL's words; empty if nothing is."""
    try:
        with closing(stranger.connect()):
            return ""
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_message)
    except TimeoutError:
        return ""


CHECKS = (certificate, protocols, plain_http, cookies)
