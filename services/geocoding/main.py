"""Wiring of geocoding."""

from __future__ import annotations

from concierge.geocoding.v1 import geocoding_pb2_grpc

from services.geocoding import consumer
from services.geocoding.adapters.amap_provider import URL as AMAP_URL
from services.geocoding.adapters.amap_provider import AmapProvider
from services.geocoding.adapters.baidu_provider import URL as BAIDU_URL
from services.geocoding.adapters.baidu_provider import BaiduProvider
from services.geocoding.adapters.file_gazetteer import FileGazetteer
from services.geocoding.adapters.memory_cache import MemoryPlaceCache
from services.geocoding.adapters.nominatim_provider import NominatimProvider
from services.geocoding.adapters.redis_cache import RedisPlaceCache
from services.geocoding.domain.quota import Quota
from services.geocoding.grpc_server import SERVICE_NAME, GeocodingServicer
from services.geocoding.guarded_provider import GuardedProvider
from services.geocoding.lookup import PlaceLookup
from services.geocoding.ports import PlaceCache, PlaceIndex, PlaceProvider
from services.geocoding.settings import GeocodingSettings, KeyedProviderSettings, NominatimSettings
from services.geography import SHIPPED_PLACES
from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.bus import Consumption, EventBus
from services.platform.circuit import CircuitBreaker
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer


def place_lookup(settings: GeocodingSettings, index: PlaceIndex) -> PlaceLookup:
    """Return the lookup on a gazetteer and the providers that are configured.

    They are asked in the order AMap, Baidu, Nominatim. Made on the event loop; to be closed.
    """
    return PlaceLookup(
        index,
        providers=_providers(settings),
        cache=_cache(settings),
        timeout_s=settings.provider_timeout_ms / 1e3,
    )


def _providers(settings: GeocodingSettings) -> list[GuardedProvider]:
    def guarded(
        provider: PlaceProvider, limits: KeyedProviderSettings | NominatimSettings
    ) -> GuardedProvider:
        return GuardedProvider(
            provider,
            quota=Quota(per_second=limits.per_second, per_day=limits.per_day),
            breaker=CircuitBreaker(
                most_failures=settings.provider_failures, open_s=settings.provider_pause_ms / 1e3
            ),
        )

    amap, baidu, nominatim = settings.amap, settings.baidu, settings.nominatim
    providers = []
    if key := amap.key.get_secret_value():
        providers.append(guarded(AmapProvider(key, url=amap.url or AMAP_URL), amap))
    if key := baidu.key.get_secret_value():
        providers.append(guarded(BaiduProvider(key, url=baidu.url or BAIDU_URL), baidu))
    if nominatim.url:
        provider = NominatimProvider(nominatim.url, user_agent=nominatim.user_agent)
        providers.append(guarded(provider, nominatim))
    return providers


def _cache(settings: GeocodingSettings) -> PlaceCache:
    if settings.redis.url.get_secret_value():
        return RedisPlaceCache(
            GuardedRedis(settings.redis),
            key_prefix=settings.redis.key_prefix,
            found_ttl_s=settings.found_ttl_s,
            nothing_ttl_s=settings.nothing_ttl_s,
        )
    return MemoryPlaceCache(
        most=settings.most_cached,
        found_ttl_s=settings.found_ttl_s,
        nothing_ttl_s=settings.nothing_ttl_s,
    )


async def start(
    settings: GeocodingSettings, *, bus: EventBus, server: RpcServer, lookup: PlaceLookup
) -> list[Consumption]:
    """Open both doors."""
    server.add(
        geocoding_pb2_grpc.add_GeocodingServiceServicer_to_server,
        GeocodingServicer(lookup),
        SERVICE_NAME,
    )
    return await consumer.subscribe(bus, lookup, max_in_flight=settings.max_in_flight)


async def serve(settings: GeocodingSettings) -> None:
    """Run geocoding as a process of its own."""
    index = FileGazetteer.load((*settings.gazetteer_files, SHIPPED_PLACES))
    async with ServiceProcess("geocoding", settings) as process:
        lookup = place_lookup(settings, index)
        process.closes(lookup.close)
        bus = await process.open_bus()
        process.reads(await start(settings, bus=bus, server=process.server, lookup=lookup))
        await process.run()
