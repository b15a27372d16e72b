"""Every provider on the contract, on answers of the form its reference gives."""

from __future__ import annotations

from typing import Any

import pytest

from services.geocoding.adapters.amap_provider import AmapProvider
from services.geocoding.adapters.baidu_provider import BaiduProvider
from services.geocoding.adapters.nominatim_provider import NominatimProvider
from services.geocoding.ports import PlaceProvider
from services.plan.condition import PlaceCategory
from tests.contract.geocoding.place_provider_contract import FAST_S, Answer, PlaceProviderContract
from tests.fakes.http_server import HttpServer


def _amap_refusal(code: str, info: str) -> Answer:
    return Answer(200, {"status": "0", "info": info, "infocode": code})


def _amap(*pois: dict[str, Any]) -> Answer:
    return Answer(
        200,
        {
            "status": "1", "count": str(len(pois)), "info": "OK", "infocode": "10000",
            "suggestion": {"keywords": [], "cities": []}, "pois": list(pois),
        },
    )  # fmt: skip


AMAP_TIANANMEN = {
    "id": "B000A60DA1", "name": "天安门", "type": "风景名胜;风景名胜;国家级景点",
    "typecode": "110202", "biz_type": "tour", "address": "东长安街", "tel": [],
    "location": "116.397499,39.908722", "distance": [], "pname": "北京市", "cityname": "北京市",
    "adname": "东城区",
}  # fmt: skip


class TestAmap(PlaceProviderContract):
    path = "/v3/place/text"
    name_parameter = "keywords"
    found = _amap(AMAP_TIANANMEN, {**AMAP_TIANANMEN, "name": "天安门东(地铁站)"})
    nothing = _amap()
    quota = (
        _amap_refusal("10003", "DAILY_QUERY_OVER_LIMIT"),
        _amap_refusal("10004", "ACCESS_TOO_FREQUENT"),
        _amap_refusal("10021", "CUQPS_HAS_EXCEEDED_THE_LIMIT"),
        Answer(429, ""),
    )
    key_refused = (_amap_refusal("10001", "INVALID_USER_KEY"), Answer(403, ""))
    failed = (_amap_refusal("10016", "SERVER_IS_BUSY"), _amap_refusal("20003", "UNKNOWN_ERROR"))

    def make(self, url: str) -> PlaceProvider:
        return AmapProvider("secret", url=url)

    async def test_empty_lists_for_missing_fields_and_entries_without_a_position_are_read(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        bare = {**AMAP_TIANANMEN, "cityname": [], "adname": [], "typecode": "150500|150501"}
        server.body = _amap({**bare, "location": []}, bare).body
        [place] = await provider.find("天安门", city="", timeout_s=FAST_S)
        assert (place.city, place.district) == ("", "")
        assert place.category is PlaceCategory.STATION

    async def test_a_city_limits_the_search(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.body = self.nothing.body
        await provider.find("人民广场", city="上海", timeout_s=FAST_S)
        await provider.find("人民广场", city="", timeout_s=FAST_S)
        limited, unlimited = (query for _, query in server.asked)
        assert (limited["city"], limited["citylimit"]) == ("上海", "true")
        assert "city" not in unlimited


def _baidu(*results: dict[str, Any]) -> Answer:
    return Answer(200, {"status": 0, "message": "ok", "results": list(results)})


def _baidu_refusal(status: int, message: str) -> Answer:
    return Answer(200, {"status": status, "message": message})


class TestBaidu(PlaceProviderContract):
    path = "/place/v2/search"
    name_parameter = "query"
    found = _baidu(
        {
            "name": "天安门", "location": {"lat": 39.915, "lng": 116.404},
            "address": "北京市东城区东长安街", "province": "北京市", "city": "北京市",
            "area": "东城区", "uid": "65e1ee886c885190f60e77ff", "detail": 1,
            "detail_info": {"tag": "旅游景点;文物古迹", "type": "scope"},
        }
    )  # fmt: skip
    nothing = _baidu()
    quota = (
        _baidu_refusal(4, "配额校验失败"),
        _baidu_refusal(302, "天配额超限，限制访问"),
        _baidu_refusal(401, "当前并发量已经超过约定并发配额，限制访问"),
        Answer(429, ""),
    )
    key_refused = (
        _baidu_refusal(5, "ak不存在或者非法"),
        _baidu_refusal(210, "APP IP校验失败"),
        Answer(401, ""),
    )
    failed = (_baidu_refusal(1, "服务器内部错误"),)

    def make(self, url: str) -> PlaceProvider:
        return BaiduProvider("secret", url=url)

    async def test_counts_by_city_are_no_places(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.body = _baidu({"name": "北京市", "num": 12}, {"name": "上海市", "num": 7}).body
        assert list(await provider.find("人民广场", city="", timeout_s=FAST_S)) == []


def _nominatim(**more: Any) -> dict[str, Any]:
    return {
        "place_id": 243113, "licence": "Data © OpenStreetMap contributors, ODbL 1.0.",
        "osm_type": "way", "osm_id": 39217533, "lat": "39.9073385", "lon": "116.3912560",
        "category": "tourism", "type": "attraction", "place_rank": 30, "importance": 0.55,
        "addresstype": "tourism", "name": "天安门",
        "display_name": "天安门, 东长安街, 东城区, 北京市, 100006, 中国",
        "address": {
            "tourism": "天安门", "road": "东长安街", "city_district": "东城区", "city": "北京市",
            "ISO3166-2-lvl4": "CN-BJ", "postcode": "100006", "country": "中国",
            "country_code": "cn",
        },
        "boundingbox": ["39.9071", "39.9076", "116.3905", "116.3920"], **more,
    }  # fmt: skip


class TestNominatim(PlaceProviderContract):
    path = "/search"
    name_parameter = "q"
    found = Answer(200, [_nominatim()])
    nothing = Answer(200, [])
    quota = (Answer(429, "<html>Bandwidth limit exceeded</html>"),)
    key_refused = (Answer(403, "<html>Access blocked</html>"),)
    failed = (Answer(200, {"error": {"code": 500, "message": "timeout"}}), Answer(503, ""))

    def make(self, url: str) -> PlaceProvider:
        return NominatimProvider(url, user_agent="concierge tests")

    async def test_the_city_is_asked_for_in_the_language_it_is_named_in(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.body = [
            _nominatim(
                category="railway", type="station", name="",
                display_name="Cambridge North, Cowley Road, Cambridge, England",
                address={"suburb": "Chesterton", "city": "Cambridge"},
            )
        ]  # fmt: skip
        [place] = await provider.find("Cambridge North", city="Cambridge", timeout_s=FAST_S)
        assert (place.name, place.city, place.district) == (
            "Cambridge North", "Cambridge", "Chesterton",
        )  # fmt: skip
        assert place.category is PlaceCategory.STATION
        assert server.asked[0][1]["q"] == "Cambridge North, Cambridge"
        assert server.asked[0][1]["accept-language"] == "en"

    async def test_the_wait_that_the_server_names_is_kept(
        self, provider: PlaceProvider, server: HttpServer
    ) -> None:
        server.status, server.headers = 429, {"Retry-After": "17"}
        with pytest.raises(Exception, match="quota") as refused:
            await provider.find("天安门", city="", timeout_s=FAST_S)
        assert getattr(refused.value, "retry_after_s", None) == 17.0
