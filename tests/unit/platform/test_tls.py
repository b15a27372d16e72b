"""Doors and calls with TLS: who is let in, who is trusted, certificates that are renewed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from pydantic import ValidationError

from services.platform.errors import FailedPrecondition
from services.platform.health import Health
from services.platform.rpc import RpcServer
from services.platform.settings import RpcSettings, TlsSettings
from services.platform.tls import channel_credentials, server_credentials
from tests.certificates import Certificates, make_certificates
from tests.tls_calls import status


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("others"))


def settings(shown: Certificates, trusted: Certificates, *, mutual: bool = True) -> TlsSettings:
    return TlsSettings(
        certificate_file=shown.certificate,
        key_file=shown.key,
        authorities_file=trusted.authority,
        mutual=mutual,
    )


@asynccontextmanager
async def door(tls: TlsSettings) -> AsyncIterator[int]:
    health = Health()
    server = RpcServer(
        "127.0.0.1:0",
        settings=RpcSettings(),
        health=health,
        credentials=server_credentials(tls),
    )
    port = await server.start()
    await health.start()
    yield port
    await health.stop()
    await server.stop(0)


async def answers(port: int, tls: TlsSettings) -> bool:
    code = await status(f"127.0.0.1:{port}", tls)
    assert code in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)
    return code is grpc.StatusCode.OK


async def test_a_mutual_door_lets_in_who_shows_a_certificate_of_its_authorities(
    ours: Certificates, others: Certificates
) -> None:
    async with door(settings(ours, ours)) as port:
        assert await answers(port, settings(ours, ours))
        assert not await answers(port, TlsSettings(authorities_file=ours.authority))
        assert not await answers(port, settings(others, ours))
        assert not await answers(port, TlsSettings())


async def test_a_caller_refuses_a_door_of_other_authorities(
    ours: Certificates, others: Certificates
) -> None:
    async with door(settings(others, ours)) as port:
        assert not await answers(port, settings(ours, ours))


async def test_a_door_that_is_not_mutual_asks_for_nothing(ours: Certificates) -> None:
    async with door(settings(ours, ours, mutual=False)) as port:
        assert await answers(port, TlsSettings(authorities_file=ours.authority))
        assert not await answers(port, TlsSettings())


async def test_renewed_files_are_shown_and_asked_for_without_a_restart(
    ours: Certificates, others: Certificates, tmp_path: Path
) -> None:
    files = Certificates(tmp_path / "ca", tmp_path / "certificate", tmp_path / "key")

    def renew(source: Certificates) -> None:
        shutil.copy(source.authority, files.authority)
        shutil.copy(source.certificate, files.certificate)
        shutil.copy(source.key, files.key)

    renew(ours)
    async with door(settings(files, files)) as port:
        assert await answers(port, settings(ours, ours))
        renew(others)
        assert await answers(port, settings(others, others))
        assert not await answers(port, settings(ours, ours))


def test_a_certificate_without_its_key_is_refused(ours: Certificates) -> None:
    with pytest.raises(ValidationError, match="certificate_file and key_file go together"):
        TlsSettings(certificate_file=ours.certificate)


def test_a_file_that_is_not_there_is_named(ours: Certificates, tmp_path: Path) -> None:
    missing = TlsSettings(certificate_file=ours.certificate, key_file=tmp_path / "no-key")
    for credentials in (server_credentials, channel_credentials):
        with pytest.raises(FailedPrecondition, match=r"cannot read .*no-key"):
            credentials(missing)
