"""flask check behind nginx: what is set wrongly is found, with its line, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.check.conftest import Sites, unwell
from tests.check.fronts import (
    HOST,
    PRIVATE_CACHE,
    SENDING,
    TLS_OPTIONS,
    ZIPPED,
    Block,
    start_nginx,
)

from frontdesk.check.finding import Finding

pytestmark = pytest.mark.server
Keep = Callable[[subprocess.Popen[bytes]], None]

TRUSTED = "TRUSTED_PROXIES = 1"
FORWARDED_FOR = "proxy_set_header X-Forwarded-For $remote_addr;"
APPENDED = {"for": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}
# name: (which site, what is set wrongly, what is found and the line that mends it)
WRONG: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "right": ("1", {}, {}),
    "appended and one believed": ("1", APPENDED, {}),
    "size": (
        "1",
        {"size": "client_max_body_size 1m;"},
        {"body.chunk": "client_max_body_size 33m;", "body.form": "client_max_body_size 0;"},
    ),
    "small forms": (
        "1",
        {"size": "client_max_body_size 40m;"},
        {"body.form": "client_max_body_size 0;"},
    ),
    "buffering": (
        "1",
        {"buffering": "proxy_request_buffering off;"},
        {"body.buffering": "proxy_request_buffering on;"},
    ),
    "too many believed": ("2", APPENDED, {"trust.address": TRUSTED, "trust.scheme": TRUSTED}),
    "none believed": ("0", {}, {"trust.address": TRUSTED, "trust.scheme": TRUSTED}),
    "address passed through": ("1", {"for": ""}, {"trust.address": FORWARDED_FOR}),
    "scheme not passed": (
        "1",
        {"proto": ""},
        {"trust.scheme": "proxy_set_header X-Forwarded-Proto $scheme;"},
    ),
    "host not passed": (
        "1",
        {"host": "", "forwarded host": 'proxy_set_header X-Forwarded-Host "";'},
        {"trust.host": "proxy_set_header Host $http_host;"},
    ),
    "host passed through": (
        "1",
        {"forwarded host": ""},
        {"trust.host": "proxy_set_header X-Forwarded-Host $http_host;"},
    ),
    "methods": (
        "1",
        {"location": "limit_except GET POST { deny all; }"},
        {"methods": "limit_except GET HEAD POST PUT PATCH DELETE OPTIONS { deny all; }"},
    ),
    "gzip": ("1", {"gzip": ZIPPED}, {"answer.bytes": "gzip off;"}),
    "cache": ("1", {"cache": PRIVATE_CACHE}, {"answer.private": "proxy_cache off;"}),
    "ranges": (
        "1",
        {"range": 'proxy_set_header Range "";'},
        {"answer.ranges": "proxy_set_header Range $http_range;"},
    ),
    "short heads": (
        "1",
        {"heads": "large_client_header_buffers 4 2k;"},
        {"head.request": "large_client_header_buffers 4 16k;"},
    ),
    "short answers": (
        "1",
        {"answers": "proxy_buffer_size 4k;"},
        {"head.answer": "proxy_buffer_size 16k;"},
    ),
    "impatient": (
        "1",
        {"patience": "proxy_read_timeout 1500ms;"},
        {"time.answer": "proxy_read_timeout 120s;"},
    ),
    "doubled": (
        "1",
        {"header": "add_header X-Frame-Options SAMEORIGIN;"},
        {"answer.headers": "# add_header X-Frame-Options …;"},
    ),
    "own errors": (
        "1",
        {"errors": "proxy_intercept_errors on; error_page 404 413 422 503 /robots.txt;"},
        {"answer.errors": "proxy_intercept_errors off;"},
    ),
    "files elsewhere": ("elsewhere", {}, {"stored": "alias {folder}/instance/files/;"}),
    "files from nginx": ("sending", {"sending": SENDING}, {}),
    "files from nowhere": (
        "sending",
        {"sending": SENDING.replace("instance/files", "nowhere")},
        {"stored": "alias {folder}/instance/files/;"},
    ),
    "no parts of files": (
        "sending",
        {"sending": SENDING.replace("internal;", "internal;\n        max_ranges 0;")},
        {"stored": "max_ranges 1;"},
    ),
    "versions": ("1", {"tokens": "server_tokens on;"}, {"head.versions": "server_tokens off;"}),
    "old TLS": (
        "1", {"tls": TLS_OPTIONS}, {"tls.protocols": "ssl_protocols TLSv1.2 TLSv1.3;"},
    ),
    "expired": (
        "1",
        {"certificate": "ssl_certificate {folder}/expired.pem;",
         "key": "ssl_certificate_key {folder}/expired.key;"},
        {"tls.certificate": f"ssl_certificate /etc/letsencrypt/live/{HOST}/fullchain.pem;"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def doors(sites: Sites, until_end: Keep) -> dict[str, Block]:
    """The port of each, all of one nginx."""
    found = {name: Block(sites.port(site), changes) for name, (site, changes, _) in WRONG.items()}
    blocks = [block.text(sites.folder) for block in found.values()]
    until_end(start_nginx(sites.folder / "wrong", blocks))
    return found


def line_at(file: str) -> str:
    """The line of a file that ``/a/b.conf:12`` names."""
    path, _, number = file.rpartition(":")
    return Path(path).read_text().splitlines()[int(number) - 1].strip()


def directive(line: str) -> str:
    words = line.lstrip("# ").rstrip(";").split()
    return " ".join(words[: 2 if words[0] in {"proxy_set_header", "add_header"} else 1])


@pytest.fixture(scope="module")
def findings(sites: Sites, doors: dict[str, Block]) -> dict[str, list[Finding]]:
    """What is found at each."""
    return sites.look_at_all({name: f"https://{HOST}:{doors[name].port}" for name in WRONG})


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_nothing_else(
    name: str, sites: Sites, findings: dict[str, list[Finding]]
) -> None:
    (_site, changes, expected), found = WRONG[name], unwell(findings[name])
    assert {id: one.change.line for id, one in found.items()} == {
        id: line.replace("{folder}", str(sites.folder)) for id, line in expected.items()
    }
    for one in found.values():
        if one.change.line.startswith("TRUSTED_PROXIES"):
            assert one.change.file == str(sites.folder / "instance/config.py")
            continue
        at = line_at(one.change.file)
        there = " ".join(changes.values())
        is_named = directive(one.change.line) in there
        assert at.startswith(directive(one.change.line)) if is_named else at == "server {"
        assert Path(one.change.file.rpartition(":")[0]) == sites.folder / "wrong/nginx.conf"
