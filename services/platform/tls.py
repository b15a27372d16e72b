"""TLS of our own gRPC doors, and of calls to them and to other gRPC servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from services.platform.errors import FailedPrecondition
from services.platform.settings import TlsSettings


def server_credentials(settings: TlsSettings) -> grpc.ServerCredentials | None:
    """Return what a door shows and asks of callers; `None`: plain text.

    Files are read again for every new connection, so renewed certificates need no restart.

    Raises:
        FailedPrecondition: A file cannot be read; names it.
    """
    if settings.certificate_file is None:
        return None
    return grpc.dynamic_ssl_server_credentials(
        _shown(settings),
        lambda: _shown(settings),
        require_client_authentication=settings.is_mutual,
    )


def channel_credentials(settings: TlsSettings) -> grpc.ChannelCredentials | None:
    """Return what a caller shows and trusts; `None`: plain text.

    Raises:
        FailedPrecondition: A file cannot be read; names it.
    """
    if settings.certificate_file is None and settings.authorities_file is None:
        return None
    with _named():
        return credentials_of(
            settings.authorities_file, settings.key_file, settings.certificate_file
        )


def credentials_of(
    authorities: Path | None, key: Path | None, certificate: Path | None
) -> grpc.ChannelCredentials:
    """Return what a caller trusts, the system's authorities without a file, and what it shows.

    Raises:
        OSError: A file cannot be read.
    """
    return grpc.ssl_channel_credentials(_content(authorities), _content(key), _content(certificate))


def _shown(settings: TlsSettings) -> grpc.ServerCertificateConfiguration:
    with _named():
        pair = (_content(settings.key_file) or b"", _content(settings.certificate_file) or b"")
        authorities = _content(settings.authorities_file) if settings.is_mutual else None
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=authorities)


def _content(file: Path | None) -> bytes | None:
    return None if file is None else file.read_bytes()


@contextmanager
def _named() -> Iterator[None]:
    """Turn a file that cannot be read into an error that names it."""
    try:
        yield
    except OSError as error:
        raise FailedPrecondition(
            f"cannot read {error.filename}: {error.strerror}",
            reason="TLS_FILE",
            metadata={"file": str(error.filename)},
        ) from error
