"""The connection to Elasticsearch, and what its errors mean here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import elasticsearch
from elasticsearch import AsyncElasticsearch

from services.keyword_search.settings import ElasticsearchSettings
from services.platform.errors import ConciergeError, Unavailable

# What the cluster, its operator or time may mend. Any other refusal is a mistake of ours.
_MAY_PASS = {
    401: "ELASTICSEARCH_UNAUTHENTICATED",
    403: "ELASTICSEARCH_FORBIDDEN",
    404: "ELASTICSEARCH_INDEX_MISSING",
    408: "ELASTICSEARCH_TIMEOUT",
    429: "ELASTICSEARCH_BUSY",
}


def connect(settings: ElasticsearchSettings) -> AsyncElasticsearch:
    """Return a client; it connects at its first request, in the running loop."""
    return AsyncElasticsearch(**connection_options(settings))


def connection_options(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return the arguments of a client, asynchronous or not."""
    options: dict[str, Any] = {
        "hosts": list(settings.hosts),
        "request_timeout": settings.request_timeout_s,
        "connections_per_node": settings.most_connections,
        # A host that is away is left for the next one; a slow one is not asked twice.
        "max_retries": len(settings.hosts) - 1,
        "retry_on_timeout": False,
        "retry_on_status": (),
    }
    if key := settings.api_key.get_secret_value():
        options["api_key"] = key
    elif settings.username:
        options["basic_auth"] = (settings.username, settings.password.get_secret_value())
    if settings.ca_certs is not None:
        options["ca_certs"] = str(settings.ca_certs)
    return options


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the client's errors into ours.

    Raises:
        Unavailable: The cluster is away, too slow, or refuses for a reason that may pass.
        ConciergeError: It refuses the request as malformed: a mistake of ours, not to be repeated.
    """
    try:
        yield
    except elasticsearch.ApiError as error:
        raise refusal(error.status_code, str(error)) from error
    except elasticsearch.ConnectionTimeout as error:
        raise Unavailable(
            "elasticsearch did not answer in time", reason="ELASTICSEARCH_TIMEOUT"
        ) from error
    except elasticsearch.TransportError as error:
        raise Unavailable(
            f"elasticsearch cannot be reached: {error.message}", reason="ELASTICSEARCH_AWAY"
        ) from error


def refusal(status: int, said: str) -> ConciergeError:
    """Return the error for an HTTP status of a request, or of one item of a bulk request."""
    reason = "ELASTICSEARCH_FAILED" if status >= 500 else _MAY_PASS.get(status)
    message, metadata = f"elasticsearch refused: {said}", {"status": status}
    if reason is None:
        return ConciergeError(message, reason="ELASTICSEARCH_REFUSED", metadata=metadata)
    return Unavailable(message, reason=reason, metadata=metadata)
