"""Front servers as owners set them up: right ones, and each with one thing wrong."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "files.example.org"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# What a right server says, a directive a line; a wrong one has another line in its place.
RIGHT = {
    "certificate": "ssl_certificate {folder}/good.pem;",
    "key": "ssl_certificate_key {folder}/good.key;",
    "tokens": "server_tokens off;",
    "size": "client_max_body_size 0;",
    "buffering": "proxy_request_buffering on;",
    "answers": "proxy_buffer_size 16k; proxy_buffers 8 16k;",
    "patience": "proxy_read_timeout 120s;",
    "host": "proxy_set_header Host $http_host;",
    "forwarded host": "proxy_set_header X-Forwarded-Host $http_host;",
    "for": "proxy_set_header X-Forwarded-For $remote_addr;",
    "proto": "proxy_set_header X-Forwarded-Proto $scheme;",
    "prefix": 'proxy_set_header X-Forwarded-Prefix "";',
}
TLS_OPTIONS = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;"
PRIVATE_CACHE = (
    "proxy_cache all; proxy_cache_valid any 1m; "
    "proxy_ignore_headers Cache-Control Set-Cookie Expires Vary;"
)
SENDING = """proxy_set_header X-Sendfile-Type x-accel-redirect;
    location /_files/ {
        internal;
        alias {folder}/instance/files/;
        add_header ETag $upstream_http_etag;
    }"""
ZIPPED = "gzip on; gzip_proxied any; gzip_types *;"


@dataclass(slots=True)
class Block:
    """A ``server`` of nginx's: ``site`` is the port of the app, ``changes`` what is not right."""

    site: int
    changes: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_port())

    def text(self, folder: Path) -> str:
        said = {key: line for key, line in (RIGHT | self.changes).items() if key != "location"}
        lines = [f"    {line}".replace("{folder}", str(folder)) for line in said.values() if line]
        body = "\n".join(lines)
        return (
            f"server {{\n    listen 127.0.0.1:{self.port} ssl;\n    server_name {HOST};\n{body}\n"
            f"    location / {{\n        proxy_pass http://127.0.0.1:{self.site};\n"
            f"        {self.changes.get('location', '')}\n    }}\n}}\n"
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if not found:
        pytest.skip(f"{name} is missing: sudo apt-get install {name}")
    return found


def make_certificates(folder: Path) -> None:
    """``ca.pem``, and by it ``good`` and ``expired``, each with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Test CA", key, "Test CA", key, days=3650)
    (folder / "ca.pem").write_bytes(ca)
    for name, days in (("good", 90), ("expired", -1)):
        own = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.pem").write_bytes(_certificate(HOST, own, "Test CA", key, days=days))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        text = own.private_bytes(serialization.Encoding.PEM, form, plain)
        (folder / f"{name}.key").write_bytes(text)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *,
    days: int,
) -> bytes:
    until = datetime.now(UTC) + timedelta(days=days)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=60))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def start_nginx(folder: Path, blocks: list[str]) -> subprocess.Popen[bytes]:
    """One nginx in ``folder``, with all ``blocks``; it listens when this returns."""
    folder.mkdir()
    user = "" if os.geteuid() else "user root;"
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (
        f"{user}\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temporary}\n"
        f"proxy_cache_path {folder}/cache keys_zone=all:1m;\n" + "\n".join(blocks) + "}\n"
    )
    path = folder / "nginx.conf"
    path.write_text(text)
    words = [program("nginx"), "-p", str(folder), "-c", str(path), "-g", "daemon off;"]
    return run_front(words, folder / "nginx.pid", folder)


def start_apache(folder: Path, site: int, port: int, *lines: str) -> subprocess.Popen[bytes]:
    """An Apache as a tutorial has it, and ``lines`` of the owner's own."""
    modules = "/usr/lib/apache2/modules"
    names = "mpm_event authz_core headers proxy proxy_http allowmethods ssl socache_shmcb env"
    loads = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names.split())
    who = "" if os.geteuid() else "User www-data\nGroup www-data\n"
    own = "\n".join(f"    {line}" for line in lines)
    path = folder / "apache.conf"
    path.write_text(
        f"{loads}\n{who}Define APACHE_RUN_DIR {folder}\nDefaultRuntimeDir {folder}\n"
        f"PidFile {folder}/apache.pid\nErrorLog {folder}/apache.log\nServerName localhost\n"
        f"ServerTokens Prod\nListen 127.0.0.1:{port}\n<VirtualHost *:{port}>\n"
        f"    ServerName {HOST}\n    SSLEngine on\n    SSLCertificateFile {folder}/good.pem\n"
        f"    SSLCertificateKeyFile {folder}/good.key\n    ProxyPreserveHost On\n"
        f'    ProxyPass "/" "http://127.0.0.1:{site}/" responsefieldsize=16384\n'
        f'<Location "/">\n{own}\n</Location>\n'
        "</VirtualHost>\n"
    )
    words = [program("apache2"), "-d", str(folder), "-f", str(path), "-DFOREGROUND"]
    return run_front(words, folder / "apache.pid", folder)


def run_front(words: list[str], pid: Path, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "front.out").open("ab") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
    until = time.monotonic() + 15
    while not (pid.exists() and pid.read_text().strip()):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise AssertionError((folder / "front.out").read_text()[-2000:])
        time.sleep(0.02)
    return process
