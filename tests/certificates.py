"""Certificates for tests of TLS, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, and what it signed for 127.0.0.1 and localhost."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make an authority of its own and one certificate, good for servers and clients."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    authority, authority_key = folder / "ca.pem", folder / "ca.key"
    certificate, key, request = folder / "cert.pem", folder / "cert.key", folder / "cert.csr"
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    ec_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout")
    name = ("-subj", "/CN=concierge test authority")
    _openssl("req", "-x509", *ec_key, authority_key, "-out", authority, *name, "-days", "1")
    _openssl("req", *ec_key, key, "-out", request, "-subj", "/CN=localhost")
    signed_by = ("-CA", authority, "-CAkey", authority_key, "-CAcreateserial")
    signed = ("-extfile", extensions, "-out", certificate, "-days", "1")
    _openssl("x509", "-req", "-in", request, *signed_by, *signed)
    return Certificates(authority, certificate, key)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
