"""What every Kafka client of ours is made with, and what its errors become.

kafka-python is not asyncio: constructors, first metadata, commits, positions and closing block,
so all of that runs on threads of its own (docs/adr/0008).
"""

from __future__ import annotations

from typing import Any

from kafka.errors import (
    AuthorizationError,
    InvalidRecordError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailedError,
)

from services.platform.errors import (
    ConciergeError,
    FailedPrecondition,
    InvalidArgument,
    Unavailable,
)
from services.platform.settings import KafkaSettings

# The default of 30 s would delay coming back by as much after a broker was away.
RECONNECT_MOST_MS = 1_000
REFUSED_RECORD = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
REFUSED_CLIENT = (SaslAuthenticationFailedError, AuthorizationError)


def client_options(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Return the options that producers, consumers and admin clients share."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "client_id": client_id,
        # Stated, so that constructors do not have to connect.
        "api_version": tuple(int(part) for part in settings.broker_version.split(".")),
        "request_timeout_ms": in_ms(settings.request_timeout_s),
        "reconnect_backoff_max_ms": RECONNECT_MOST_MS,
        "security_protocol": settings.security_protocol,
    }
    if "SSL" in settings.security_protocol.split("_"):
        options |= {
            "ssl_cafile": settings.ssl_ca_file or None,
            "ssl_certfile": settings.ssl_certificate_file or None,
            "ssl_keyfile": settings.ssl_key_file or None,
            "ssl_password": settings.ssl_key_password.get_secret_value() or None,
            "ssl_check_hostname": settings.ssl_check_hostname,
        }
    if settings.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def translated(error: KafkaError, doing: str) -> ConciergeError:
    """Return what a client's error is to callers."""
    told = f"kafka: {doing}: {type(error).__name__}: {error}"
    if isinstance(error, REFUSED_RECORD):
        return InvalidArgument(told, field="event", reason="KAFKA_REFUSED_RECORD")
    if isinstance(error, REFUSED_CLIENT):
        return FailedPrecondition(told, reason="KAFKA_REFUSED_CLIENT")
    return Unavailable(told, reason="KAFKA_UNAVAILABLE")


def in_ms(seconds: float) -> int:
    """Return seconds in the unit of the client's options."""
    return round(seconds * 1000)
