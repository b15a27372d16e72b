"""A service as a process with mutual TLS, by its settings alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from services.platform.probe import serves
from services.platform.settings import TlsSettings
from tests.certificates import Certificates, make_certificates
from tests.ports import free_port
from tests.tls_calls import status

START_S = 60.0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def address(certificates: Certificates) -> Iterator[str]:
    address, health_port = f"127.0.0.1:{free_port()}", free_port()
    settings = {
        "ANSWERING_ADDRESS": address,
        "ANSWERING_HEALTH_PORT": str(health_port),
        "ANSWERING_TLS__CERTIFICATE_FILE": str(certificates.certificate),
        "ANSWERING_TLS__KEY_FILE": str(certificates.key),
        "ANSWERING_TLS__AUTHORITIES_FILE": str(certificates.authority),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "services.answering"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **settings},
    ) as process:
        limit = time.monotonic() + START_S
        while not serves(f"127.0.0.1:{health_port}") and time.monotonic() < limit:
            assert process.poll() is None
            time.sleep(0.1)
        yield address
        process.terminate()
        assert process.wait(30) == 0


async def test_who_shows_no_certificate_is_not_answered(
    address: str, certificates: Certificates
) -> None:
    known = TlsSettings(
        certificate_file=certificates.certificate,
        key_file=certificates.key,
        authorities_file=certificates.authority,
    )
    assert await status(address, known) is grpc.StatusCode.OK
    stranger = TlsSettings(authorities_file=certificates.authority)
    assert await status(address, stranger) is grpc.StatusCode.UNAVAILABLE
    assert await status(address, TlsSettings()) is grpc.StatusCode.UNAVAILABLE
