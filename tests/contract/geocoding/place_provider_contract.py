"""What every PlaceProvider must do, on a server that answers as its reference says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from services.geocoding.ports import PlaceProvider
from services.geography.distance import haversine_km
from services.plan.condition import PlaceCategory, Point
from services.platform.errors import FailedPrecondition, ResourceExhausted, Unavailable
from tests.fakes.http_server import HttpServer, http_server

# Tiananmen, WGS-84.
TIANANMEN = Point(39.90735, 116.39130)
FAST_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What the server says: a status and a body."""

    status: int
    body: object


class PlaceProviderContract(ABC):
    """A class per provider says how it answers."""

    path: str
    name_parameter: str
    found: Answer  # Tiananmen, an attraction in Beijing's Dongcheng
    nothing: Answer
    quota: tuple[Answer, ...]
    key_refused: tuple[Answer, ...]
    failed: tuple[Answer, ...]

    @abstractmethod
    def make(self, url: str) -> PlaceProvider:
        """Return the provider on a server."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[HttpServer]:
        async with http_server() as running:
            yield running

    @pytest.fixture
    async def provider(self, server: HttpServer) -> AsyncIterator[PlaceProvider]:
        provider = self.make(server.url)
        yield provider
        await provider.close()

    async def test_a_place_comes_with_its_position_in_wgs84(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.status, server.body = self.found.status, self.found.body
        places = await provider.find("天安门", city="北京", timeout_s=FAST_S)
        first = places[0]
        assert haversine_km(first.point, TIANANMEN) < 0.05
        assert first.name == "天安门"
        assert first.category is PlaceCategory.ATTRACTION
        assert first.city.removesuffix("市") == "北京"
        assert first.district == "东城区"
        assert first.source == provider.name

    async def test_the_name_arrives_as_it_was_asked(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.status, server.body = self.nothing.status, self.nothing.body
        await provider.find("三里屯 SOHO & 五号楼?#=%", city="", timeout_s=FAST_S)
        path, query = server.asked[0]
        assert path == self.path
        assert query[self.name_parameter] == "三里屯 SOHO & 五号楼?#=%"

    async def test_nothing_found_is_no_error(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.status, server.body = self.nothing.status, self.nothing.body
        assert list(await provider.find("乌有乡", city="", timeout_s=FAST_S)) == []

    async def test_a_quota_that_is_used_up_says_until_when(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        for answer in self.quota:
            server.status, server.body = answer.status, answer.body
            with pytest.raises(ResourceExhausted) as refused:
                await provider.find("天安门", city="", timeout_s=FAST_S)
            assert refused.value.retry_after_s > 0

    async def test_a_key_that_is_refused_is_told_apart_and_not_shown(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        for answer in self.key_refused:
            server.status, server.body = answer.status, answer.body
            with pytest.raises(FailedPrecondition) as refused:
                await provider.find("天安门", city="", timeout_s=FAST_S)
            assert "secret" not in str(refused.value)

    async def test_an_error_and_what_cannot_be_read_are_unavailable(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        unreadable = (
            Answer(200, "<html>welcome</html>"),
            Answer(200, []),
            Answer(200, {"status": {}, "pois": 1}),
            Answer(200, None),
        )
        for answer in (*self.failed, Answer(500, "x"), Answer(302, ""), *unreadable):
            if answer == self.nothing:
                continue
            server.status, server.body = answer.status, answer.body
            with pytest.raises(Unavailable):
                await provider.find("天安门", city="", timeout_s=FAST_S)

    async def test_a_server_that_hangs_is_left_in_time(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.hangs = True
        with pytest.raises(Unavailable) as refused:
            await provider.find("天安门", city="", timeout_s=0.1)
        assert refused.value.reason == "PROVIDER_TIMEOUT"

    async def test_a_server_that_is_away_is_unavailable(self) -> None:
        provider = self.make("http://127.0.0.1:1")
        with pytest.raises(Unavailable) as refused:
            await provider.find("天安门", city="", timeout_s=FAST_S)
        assert refused.value.reason == "PROVIDER_AWAY"
        await provider.close()
