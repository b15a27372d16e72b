"""A believable catalogue: the same seed gives the same hotels.

Prices are log-normal by tier and city, review counts skewed, facilities go with the tier,
and every field is missing now and then, as in real exports.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import lru_cache

from concierge.catalog.v1 import hotel_pb2
from google.protobuf import json_format

from services.ingestion.domain.generator_places import CITIES, City, Spot
from services.ingestion.domain.stations import tell_metro
from services.plan.condition import PlaceCategory
from services.plan.condition_wire import CATEGORY_TO_PB
from services.vocabulary import Vocabulary

# tier: (share, median price, stars, mean rating, share of facilities held)
_TIERS = {
    "economy": (0.42, 210.0, 2.0, 4.3, 0.22),
    "comfort": (0.28, 360.0, 3.0, 4.5, 0.34),
    "upscale": (0.20, 620.0, 4.0, 4.6, 0.5),
    "luxury": (0.10, 1350.0, 5.0, 4.75, 0.7),
}
_KINDS = (("hotel", 0.7), ("guesthouse", 0.08), ("hostel", 0.05), ("homestay", 0.07),
          ("apartment", 0.05), ("inn", 0.03), ("resort", 0.02))  # fmt: skip
_CHAINS = {
    "economy": ("home_inn", "hanting", "seven_days", "jinjiang_inn", "super_8", "greentree"),
    "comfort": ("ji_hotel", "orange", "vienna", "ibis"),
    "upscale": ("atour", "holiday_inn", "novotel"),
    "luxury": ("hilton", "marriott", "hyatt", "sheraton", "shangri_la", "intercontinental"),
}
# Facilities by how common they are: everywhere, in most, in better houses, in the best.
_COMMON = ("wifi_everywhere", "hot_water_24h", "hair_dryer", "air_conditioning",
           "luggage_storage", "wake_up_call", "front_desk_24h")  # fmt: skip
_USUAL = ("breakfast", "paid_parking", "laundry", "elevator", "non_smoking_rooms",
          "chinese_restaurant", "meeting_room", "broadband", "heating")  # fmt: skip
_BETTER = ("gym", "western_restaurant", "business_center", "airport_pickup", "bar", "room_service",
           "free_breakfast", "cafe", "family_rooms", "accessible", "free_parking",
           "station_pickup", "chess_room", "ev_charging", "bathtub")  # fmt: skip
_BEST = ("indoor_pool", "spa", "sauna", "outdoor_pool", "kids_club", "hot_spring", "tennis_court",
         "childcare", "terrace", "garden", "pets_allowed")  # fmt: skip
_KIND_ZH = {"hotel": "酒店", "guesthouse": "宾馆", "hostel": "青年旅舍", "homestay": "民宿",
            "apartment": "公寓酒店", "inn": "客栈", "resort": "度假村"}  # fmt: skip
_KIND_EN = {"hotel": "Hotel", "guesthouse": "Guesthouse", "hostel": "Youth Hostel",
            "homestay": "Homestay", "apartment": "Apartments", "inn": "Inn",
            "resort": "Resort"}  # fmt: skip
_NAMES = (("锦华", "Jinhua"), ("悦庭", "Yueting"), ("云栖", "Yunqi"), ("和平", "Heping"),
          ("嘉里", "Jiali"), ("听竹", "Tingzhu"), ("半岛", "Peninsula"), ("星河", "Xinghe"),
          ("花筑", "Huazhu"), ("东方", "Oriental"), ("瑞景", "Ruijing"), ("逸林", "Yilin"),
          ("晨曦", "Chenxi"), ("四季", "Seasons"), ("望湖", "Lakeview"), ("长安", "Chang'an"),
          ("朗豪", "Langhao"), ("维景", "Weijing"), ("青禾", "Qinghe"), ("麦田", "Maitian"),
          ("观澜", "Guanlan"), ("如意", "Ruyi"), ("金陵", "Jinling"), ("雅致", "Yazhi"))  # fmt: skip
_MOODS = (("安静", "quiet"), ("热闹", "lively"), ("新装修", "newly renovated"),
          ("适合家庭", "good for families"), ("适合出差", "good for business trips"),
          ("有胡同风情", "full of old-town charm"), ("视野开阔", "with wide views"))  # fmt: skip
_MISSING = 0.08


def generate(count: int, seed: int, *, first: int = 0) -> Iterator[hotel_pb2.Hotel]:
    """Yield hotels with ids `g0`, `g1`, … The n-th depends on the seed and n alone.

    Args:
        count: How many, 1 or more.
        seed: Any integer.
        first: Number of the first, 0 or more.
    """
    for number in range(first, first + count):
        yield _hotel(number, random.Random(f"{seed}/{number}"))


def to_line(hotel: hotel_pb2.Hotel) -> str:
    """Return a hotel as one line of JSON, loadable without a mapping."""
    fields = json_format.MessageToDict(hotel, preserving_proto_field_name=True)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def places() -> Iterator[dict[str, object]]:
    """Yield the places of the generated cities as gazetteer lines."""
    for city in CITIES:
        for spot in city.spots:
            yield {
                "name": spot.zh,
                "names": [spot.en],
                "category": spot.category,
                "city": city.zh,
                "district": spot.district,
                "lat": spot.latitude,
                "lon": spot.longitude,
            }


def _hotel(number: int, chance: random.Random) -> hotel_pb2.Hotel:
    city = chance.choices(CITIES, [c.share for c in CITIES])[0]
    spot = chance.choice(city.spots)
    tier = chance.choices(list(_TIERS), [t[0] for t in _TIERS.values()])[0]
    kind = chance.choices([k for k, _ in _KINDS], [share for _, share in _KINDS])[0]
    if kind in ("hostel", "homestay", "guesthouse", "inn"):
        tier = chance.choice(("economy", "economy", "comfort"))
    _, median, stars, rating, _ = _TIERS[tier]
    hotel = hotel_pb2.Hotel(id=f"g{number}", kind=kind, tier=tier)
    _name(hotel, city, spot, tier, kind, chance)
    if chance.random() > _MISSING:
        price = median * city.price_level * chance.lognormvariate(0.0, 0.32)
        hotel.price.currency_code = "CNY"
        hotel.price.units = max(40, round(price))
    if chance.random() > 0.15:
        hotel.star_rating = stars
    if chance.random() > _MISSING:
        hotel.guest_rating = round(min(5.0, max(1.0, chance.gauss(rating, 0.25))), 1)
        hotel.review_count = int(chance.lognormvariate(5.0, 1.6))
    _place(hotel, city, spot, chance)
    if chance.random() > 0.03:
        _facilities(hotel, tier, kind, chance)
    _descriptions(hotel, city, spot, tier, kind, chance)
    if chance.random() < 0.01:
        hotel.operating_status = hotel_pb2.OPERATING_STATUS_TEMPORARILY_CLOSED
    else:
        hotel.operating_status = hotel_pb2.OPERATING_STATUS_OPEN
    if chance.random() > 0.1:
        hotel.phone = f"0{chance.randint(10, 29)}-{chance.randint(10_000_000, 89_999_999)}"
    tell_metro(hotel)
    return hotel


def _name(
    hotel: hotel_pb2.Hotel, city: City, spot: Spot, tier: str, kind: str, chance: random.Random
) -> None:
    branch = f"({spot.zh}{chance.choice(('', '', '南', '北', '东', '西'))}店)"
    if kind == "hotel" and chance.random() < 0.5:
        brand = chance.choice(_CHAINS[tier])
        concept = _vocabulary().section("brands")[brand]
        hotel.brand = brand
        zh, en = concept.labels["zh"], concept.labels["en"]
        suffix = "" if zh.endswith("酒店") else "酒店"
        hotel.names.add(language="zh", text=f"{zh}{suffix}{branch}")
        hotel.names.add(language="en", text=f"{en} {city.en} {spot.en}")
        return
    zh, en = chance.choice(_NAMES)
    number = chance.randint(1, 400)
    mark, sign = (f"{number}号", f" No. {number}") if chance.random() < 0.5 else ("", "")
    hotel.names.add(language="zh", text=f"{city.zh}{zh}{mark}{_KIND_ZH[kind]}{branch}")
    if chance.random() > 0.1:
        hotel.names.add(language="en", text=f"{en}{sign} {_KIND_EN[kind]} {spot.en}")


def _place(hotel: hotel_pb2.Hotel, city: City, spot: Spot, chance: random.Random) -> None:
    hotel.city = city.zh
    hotel.district = spot.district
    road, house = chance.choice(("中山", "人民", "解放", "建设", "和平")), chance.randint(1, 300)
    hotel.addresses.add(language="zh", text=f"{city.zh}{spot.district}{road}路{house}号")
    if chance.random() > _MISSING:
        hotel.location.latitude = round(spot.latitude + chance.gauss(0, 0.012), 6)
        hotel.location.longitude = round(spot.longitude + chance.gauss(0, 0.014), 6)
    if spot.category == "station":
        exit = chance.choice("ABCD")
        hotel.transport.add(language="zh", text=f"{spot.zh}地铁站{exit}口")
    if chance.random() < 0.6:
        hotel.nearby_places.SetInParent()
        others = chance.sample(city.spots, k=min(2, len(city.spots)))
        for near in dict.fromkeys((spot, *(o for o in others if o.district == spot.district))):
            category = CATEGORY_TO_PB[PlaceCategory(near.category)]
            hotel.nearby_places.items.add(category=category, name=near.zh)


def _facilities(hotel: hotel_pb2.Hotel, tier: str, kind: str, chance: random.Random) -> None:
    share = _TIERS[tier][4]
    levels = ((_COMMON, 0.85), (_USUAL, share + 0.25), (_BETTER, share), (_BEST, share * 0.55))
    held = [f for group, odds in levels for f in group if chance.random() < odds]
    hotel.facilities.SetInParent()
    vocabulary = _vocabulary()
    for id in held:
        label = vocabulary.label("facilities", id, "zh")
        hotel.facilities.items.add(id=id, label=label)
    if chance.random() < 0.5:
        rooms = ("double", "twin", "family", "suite", "single")
        hotel.room_types.items.extend(chance.sample(rooms, chance.randint(1, 4)))
        if kind == "hostel":
            hotel.room_types.items.append("dormitory")


def _descriptions(
    hotel: hotel_pb2.Hotel, city: City, spot: Spot, tier: str, kind: str, chance: random.Random
) -> None:
    if chance.random() < 0.2:
        return
    mood_zh, mood_en = chance.choice(_MOODS)
    vocabulary = _vocabulary()
    shown = [item.id for item in hotel.facilities.items][-3:]
    zh = "、".join(vocabulary.label("facilities", id, "zh") for id in shown)
    en = ", ".join(vocabulary.label("facilities", id, "en") for id in shown)
    tier_zh, tier_en = (vocabulary.label("tiers", tier, lang) for lang in ("zh", "en"))
    hotel.descriptions.add(
        language="zh",
        text=f"位于{city.zh}{spot.zh}附近的{tier_zh}{_KIND_ZH[kind]},{mood_zh}。"
        + (f"提供{zh}。" if zh else ""),
    )
    if chance.random() < 0.7:
        hotel.descriptions.add(
            language="en",
            text=f"A {mood_en} {tier_en} {_KIND_EN[kind].lower()} near {spot.en}, {city.en}."
            + (f" It offers {en}." if en else ""),
        )


@lru_cache(maxsize=1)
def _vocabulary() -> Vocabulary:
    return Vocabulary.load()
