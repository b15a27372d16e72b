"""Where places are looked up: the gazetteer, then what providers said before, then providers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import structlog

from services.geocoding.domain.answers import relevant
from services.geocoding.domain.choice import Choice, choose
from services.geocoding.domain.place import Place
from services.geocoding.ports import PlaceCache, PlaceIndex, PlaceProvider
from services.plan.condition import PlaceCategory
from services.platform.errors import (
    ConciergeError,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
)
from services.text.fold import fold_text

log = structlog.get_logger(__name__)


class PlaceLookup:
    """Finds places by name.

    Args:
        index: The gazetteer.
        providers: Who is asked for what it lacks, in this order; may be empty.
        cache: What they said.
        timeout_s: For all providers together.
    """

    def __init__(
        self,
        index: PlaceIndex,
        *,
        providers: Sequence[PlaceProvider] = (),
        cache: PlaceCache | None = None,
        timeout_s: float = 1.5,
    ) -> None:
        self.index = index
        self._providers = providers
        self._cache = cache
        self._timeout_s = timeout_s

    async def known(
        self, names: Iterable[str], *, city: str, category: PlaceCategory | None
    ) -> Choice:
        """Return the gazetteer's places of the first name that it knows, best first."""
        for name in names:
            choice = choose(await self.index.by_name(name), city=city, category=category)
            if choice.places:
                return choice
        return Choice((), unambiguous=False)

    async def asked(
        self, name: str, *, city: str, category: PlaceCategory | None, most_s: float | None = None
    ) -> Choice:
        """Return the providers' places of a name, best first.

        Args:
            name: As the guest says it.
            city: Where to look, "" for everywhere.
            category: What is preferred.
            most_s: A shorter limit than `timeout_s`.

        Raises:
            Unavailable: None knows it, and not all could be asked.
        """
        if not self._providers:
            return Choice((), unambiguous=False)
        places = await self._cached(name, city)
        if places is None:
            limit_s = self._timeout_s if most_s is None else min(self._timeout_s, most_s)
            places = relevant(await self._ask(name, city, limit_s), name, fold=fold_text)
            await self._keep(name, city, places)
        return choose(places, city=city, category=category)

    async def close(self) -> None:
        """Close the connections of providers and cache."""
        for provider in self._providers:
            await provider.close()
        if self._cache is not None:
            await self._cache.close()

    async def _ask(self, name: str, city: str, limit_s: float) -> Sequence[Place]:
        failure: ConciergeError | None = None
        end = time.monotonic() + limit_s
        for provider in self._providers:
            remaining_s = end - time.monotonic()
            if remaining_s <= 0:
                failure = failure or Unavailable("no time is left", reason="PROVIDER_TIMEOUT")
                break
            try:
                places = await provider.find(name, city=city, timeout_s=remaining_s)
            except (Unavailable, ResourceExhausted, FailedPrecondition) as error:
                log.warning("provider_failed", provider=provider.name, reason=error.reason)
                failure = error
                continue
            if places:
                return places
        if failure is not None:
            raise Unavailable(
                f"geocoding providers could not be asked: {failure.message}", reason=failure.reason
            ) from failure
        return ()

    async def _cached(self, name: str, city: str) -> Sequence[Place] | None:
        if self._cache is None:
            return None
        try:
            return await self._cache.get(name, city)
        except Unavailable as error:
            log.warning("place_cache_away", reason=error.reason)
            return None

    async def _keep(self, name: str, city: str, places: Sequence[Place]) -> None:
        if self._cache is None:
            return
        try:
            await self._cache.put(name, city, places)
        except Unavailable as error:
            log.warning("place_cache_away", reason=error.reason)
