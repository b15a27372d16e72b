"""Answering between the contract and the domain."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from concierge.answering.v1 import answering_pb2 as pb
from concierge.catalog.v1 import hotel_pb2
from concierge.geocoding.v1 import geocoding_pb2
from concierge.ranking.v1 import ranking_pb2

from services.answering.domain.answer import (
    AnswerTask,
    PlaceDistance,
    Relaxation,
    Sentence,
    ShownHit,
)
from services.answering.domain.plain_text import plain_text
from services.answering.domain.record import FacilityEntry, HotelRecord, NearbyEntry, Text
from services.answering.handlers import Summary
from services.geography.distance import haversine_km
from services.plan.condition import Point
from services.plan.condition_wire import (
    CATEGORY_FROM_PB,
    condition_from_pb,
    field_to_pb,
    point_from_pb,
)
from services.plan.hotel_wire import amount
from services.plan.query_plan import QueryPlan
from services.plan.wire import plan_from_pb
from services.platform.errors import InvalidArgument

_TextField: TypeAlias = Literal["tier", "kind", "price_band", "brand", "district", "city", "phone"]
# What the vocabulary's ids are made of; their underscores are no markup.
_ID = re.compile(r"[a-z0-9_]{1,64}")

MAX_HITS = 500
MAX_TEXT = 2_000
LANGUAGES = ("zh", "zh-Hant", "en")


def task_of(request: pb.AnswerRequest) -> AnswerTask:
    """Read what is to be answered.

    Raises:
        InvalidArgument: Naming the field.
    """
    if len(request.text) > MAX_TEXT:
        raise InvalidArgument(f"has more than {MAX_TEXT} characters", field="text")
    for field in ("hits", "shown_hotels", "relaxations", "places"):
        if len(getattr(request, field)) > MAX_HITS:
            raise InvalidArgument(f"has more than {MAX_HITS} entries", field=field)
    if request.language and request.language not in LANGUAGES:
        raise InvalidArgument(f"must be one of {', '.join(LANGUAGES)}", field="language")
    if request.HasField("total_matches") and request.total_matches < 0:
        raise InvalidArgument("must be 0 or more", field="total_matches")
    plan = plan_from_pb(request.plan)
    return AnswerTask(
        text=request.text,
        plan=plan,
        language=request.language or (plan.language if plan.language in LANGUAGES else "en"),
        hits=tuple(_hit(hit, f"hits[{index}]") for index, hit in enumerate(request.hits)),
        shown=tuple(
            ShownHit(record_of(hotel, at=f"shown_hotels[{index}]"), _measured(hotel, request, plan))
            for index, hotel in enumerate(request.shown_hotels)
        ),
        relaxations=tuple(
            _relaxation(relaxation, f"relaxations[{index}]")
            for index, relaxation in enumerate(request.relaxations)
        ),
        total_matches=request.total_matches if request.HasField("total_matches") else None,
    )


def record_of(hotel: hotel_pb2.Hotel, *, at: str) -> HotelRecord:
    """Read a record; every text of it becomes plain.

    Raises:
        InvalidArgument: It has no id, or a number that is not finite.
    """
    if not hotel.id:
        raise InvalidArgument("is empty", field=f"{at}.id")
    for field in ("guest_rating", "star_rating"):
        if hotel.HasField(field) and not math.isfinite(getattr(hotel, field)):
            raise InvalidArgument("is not a finite number", field=f"{at}.{field}")
    has = hotel.HasField
    return HotelRecord(
        hotel_id=hotel.id,
        names=_texts(hotel.names) or (Text("", plain_text(hotel.id)),),
        price=amount(hotel.price) if has("price") else None,
        currency=plain_text(hotel.price.currency_code) if has("price") else "",
        guest_rating=hotel.guest_rating if has("guest_rating") else None,
        review_count=hotel.review_count if has("review_count") else None,
        star_rating=hotel.star_rating if has("star_rating") else None,
        tier=_optional(hotel, "tier", _id),
        kind=_optional(hotel, "kind", _id),
        price_band=_optional(hotel, "price_band", _id),
        brand=_optional(hotel, "brand", _id),
        district=_optional(hotel, "district"),
        city=_optional(hotel, "city"),
        addresses=_texts(hotel.addresses),
        phone=_optional(hotel, "phone"),
        transport=_texts(hotel.transport),
        facilities=tuple(
            FacilityEntry(_id(item.id), plain_text(item.label)) for item in hotel.facilities.items
        )
        if has("facilities")
        else None,
        room_types=tuple(text for item in hotel.room_types.items if (text := _id(item)))
        if has("room_types")
        else None,
        nearby=tuple(
            NearbyEntry(
                CATEGORY_FROM_PB.get(place.category),
                name,
                place.distance_km if place.HasField("distance_km") else None,
            )
            for place in hotel.nearby_places.items
            if (name := plain_text(place.name))
        )
        if has("nearby_places")
        else None,
        available=hotel.available if has("available") else None,
        extra=tuple((plain_text(key), plain_text(value)) for key, value in hotel.extra.items()),
    )


def sentence_to_pb(sentence: Sentence) -> pb.AnswerResponse:
    """Return a verified sentence."""
    return pb.AnswerResponse(
        sentence=pb.AnswerSentence(
            text=sentence.text,
            citations=[
                pb.Citation(
                    hotel_id=citation.hotel_id,
                    field=field_to_pb(citation.field),
                    asked_value=citation.asked_value,
                    values=citation.values,
                    claim=citation.claim,
                )
                for citation in sentence.citations
            ],
        )
    )


def summary_to_pb(summary: Summary) -> pb.AnswerResponse:
    """Return how the answer was made."""
    return pb.AnswerResponse(
        summary=pb.AnswerSummary(
            writer=summary.writer,
            dropped_sentences=summary.dropped_sentences,
            degraded=summary.degraded,
        )
    )


def _hit(hit: ranking_pb2.Hit, at: str) -> ShownHit:
    distances = []
    for index, distance in enumerate(hit.distances):
        if not (math.isfinite(distance.distance_km) and distance.distance_km >= 0):
            raise InvalidArgument("must be 0 or more", field=f"{at}.distances[{index}].distance_km")
        if name := plain_text(distance.place_name):
            distances.append(PlaceDistance(name, distance.distance_km))
    return ShownHit(record_of(hit.hotel, at=f"{at}.hotel"), tuple(distances))


def _measured(
    hotel: hotel_pb2.Hotel, request: pb.AnswerRequest, plan: QueryPlan
) -> tuple[PlaceDistance, ...]:
    """Return how far a hotel is from the plan's places, as far as both are known."""
    if not hotel.HasField("location"):
        return ()
    here = Point(hotel.location.latitude, hotel.location.longitude)
    names = {mention.id: mention.name for mention in plan.places}
    measured = []
    for index, place in enumerate(request.places):
        if place.status != geocoding_pb2.RESOLUTION_STATUS_LOCATED:
            continue
        there = point_from_pb(place.place.location, at=f"places[{index}].place.location")
        if name := plain_text(names.get(place.place_id, "") or place.place.name):
            measured.append(PlaceDistance(name, haversine_km(here, there)))
    return tuple(measured)


def _relaxation(message: ranking_pb2.Relaxation, at: str) -> Relaxation:
    return Relaxation(
        condition_from_pb(message.condition, at=f"{at}.condition"),
        condition_from_pb(message.replacement, at=f"{at}.replacement")
        if message.HasField("replacement")
        else None,
        message.match_count,
    )


def _texts(texts: Iterable[hotel_pb2.LocalizedText]) -> tuple[Text, ...]:
    return tuple(Text(t.language, plain) for t in texts if (plain := plain_text(t.text)))


def _optional(
    hotel: hotel_pb2.Hotel, field: _TextField, read: Callable[[str], str] = plain_text
) -> str | None:
    return (read(getattr(hotel, field)) or None) if hotel.HasField(field) else None


def _id(text: str) -> str:
    """Return a vocabulary's id as it is; anything else that stands in its place becomes plain."""
    return text if _ID.fullmatch(text) else plain_text(text)
