"""One GET for a provider's JSON, its failures in our words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx

from services.platform.errors import FailedPrecondition, ResourceExhausted, Unavailable

DAILY_QUOTA_PAUSE_S = 3_600.0
RATE_PAUSE_S = 1.0
MOST_CONNECTIONS = 16

# Its line per request holds the URL, and in that the key.
logging.getLogger("httpx").setLevel(logging.WARNING)


class ProviderHttp:
    """A provider's HTTP door.

    Args:
        provider: Its name, for errors.
        url: Scheme, host and perhaps a path.
        user_agent: Who we say we are.
    """

    def __init__(self, provider: str, url: str, *, user_agent: str = "concierge") -> None:
        self._provider = provider
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"User-Agent": user_agent},
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
            timeout=None,  # each call has its own, for the whole of it
        )

    async def get(self, path: str, query: Mapping[str, str], *, timeout_s: float) -> Any:
        """Return the JSON of an answer.

        Raises:
            Unavailable: No answer, no JSON, or an error status.
            ResourceExhausted: Status 429.
            FailedPrecondition: Status 401 or 403.
        """
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.get(path, params=dict(query))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unavailable(
                f"{self._provider} did not answer in {timeout_s:.1f} s", reason="PROVIDER_TIMEOUT"
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self._provider} cannot be reached: {type(error).__name__}",
                reason="PROVIDER_AWAY",
            ) from error
        match response.status_code:
            case 200:
                pass
            case 401 | 403:
                raise self.key_refused(f"status {response.status_code}")
            case 429:
                raise self.quota_used_up("status 429", _retry_after_s(response))
            case status:
                raise Unavailable(f"{self._provider} answers {status}", reason="PROVIDER_ERROR")
        try:
            return response.json()
        except ValueError as error:
            raise self.unreadable() from error

    def key_refused(self, why: str) -> FailedPrecondition:
        """Return the error of a key that the provider refuses."""
        return FailedPrecondition(
            f"{self._provider} refuses our key: {why}", reason="PROVIDER_KEY_REFUSED"
        )

    def quota_used_up(self, why: str, retry_after_s: float) -> ResourceExhausted:
        """Return the error of a quota that is used up there."""
        return ResourceExhausted(
            f"our quota at {self._provider} is used up: {why}",
            retry_after_s=retry_after_s,
            reason="PROVIDER_QUOTA",
        )

    def failed(self, why: str) -> Unavailable:
        """Return the error of an answer that says the provider failed."""
        return Unavailable(f"{self._provider} failed: {why}", reason="PROVIDER_ERROR")

    def unreadable(self) -> Unavailable:
        """Return the error of an answer that is not of the documented form."""
        return Unavailable(
            f"{self._provider} answers what cannot be read", reason="PROVIDER_UNREADABLE"
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    # The header may also be a date; a pause of our own then.
    return float(text) if text.isascii() and text.isdigit() else 60.0
