"""Ranking between the contract and the domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from concierge.catalog.v1 import hotel_pb2
from concierge.geocoding.v1 import geocoding_pb2
from concierge.ranking.v1 import ranking_pb2 as pb
from concierge.recall.v1 import candidate_pb2

from services.plan.condition import Field, Near, Point, Range
from services.plan.condition_wire import condition_to_pb, field_to_pb
from services.plan.evaluate import Truth
from services.plan.hotel_wire import amount, facts_of
from services.plan.query_plan import QueryPlan, Trend
from services.plan.wire import trend_to_pb
from services.platform.errors import InvalidArgument
from services.ranking.domain.candidates import KEYWORD, VECTOR, Candidate
from services.ranking.domain.features import distance_km
from services.ranking.domain.reasons import Evidence
from services.ranking.facts_wire import reader_of
from services.ranking.handlers import RankedHit, Ranking, Stage
from services.vocabulary import Vocabulary

MAX_HITS = 500
DEFAULT_HITS = 100

Hotel = hotel_pb2.Hotel

_STAGES = {
    candidate_pb2.RECALL_STAGE_VECTOR: VECTOR,
    candidate_pb2.RECALL_STAGE_KEYWORD: KEYWORD,
}
_SECTIONS = {
    Field.FACILITY: "facilities",
    Field.ROOM_TYPE: "room_types",
    Field.KIND: "kinds",
    Field.TIER: "tiers",
    Field.PRICE_BAND: "price_bands",
    Field.BRAND: "brands",
}


def stages_from_pb(
    messages: Iterable[candidate_pb2.StageResult], plan: QueryPlan | None = None
) -> list[Stage[Hotel]]:
    """Read what the stages found; the record with the higher revision wins.

    Args:
        messages: One per stage.
        plan: Reads only the facts that it speaks of; `None`: all of them.

    Raises:
        InvalidArgument: A stage is unknown, or none is given.
    """
    read = facts_of if plan is None else reader_of(plan)
    stages: list[Stage[Hotel]] = []
    newest: dict[str, Candidate[Hotel]] = {}
    for index, message in enumerate(messages):
        if message.stage not in _STAGES:
            raise InvalidArgument("is not set", field=f"stages[{index}].stage")
        scores: dict[str, float] = {}
        for found in message.candidates:
            id = found.hotel_id
            held, record = newest.get(id), found.hotel
            if held is None:
                newest[id] = Candidate(read(record), record)
            elif held.record.revision < record.revision:
                held.facts, held.record = read(record), record
            scores[id] = found.score
        stages.append(
            Stage(
                _STAGES[message.stage],
                newest,
                scores,
                message.match_count if message.HasField("match_count") else None,
                tuple(entry.match_count for entry in message.leave_one_out),
                message.failure_reason,
            )
        )
    if not stages:
        raise InvalidArgument("needs at least one", field="stages")
    return stages


def passage_of(hotel: Hotel) -> str:
    """Return what a reranker reads of a hotel: names, place, facilities, descriptions."""
    return "\n".join(
        [
            " / ".join(name.text for name in hotel.names),
            " ".join(filter(None, (hotel.tier, hotel.kind, hotel.district, hotel.city))),
            ", ".join(item.label or item.id for item in hotel.facilities.items),
            *(text.text for text in hotel.descriptions),
        ]
    )


def points_of(places: Iterable[geocoding_pb2.ResolvedPlace]) -> dict[int, Point]:
    """Return the positions of located places by place id."""
    return {
        place.place_id: Point(place.place.location.latitude, place.place.location.longitude)
        for place in places
        if place.status == geocoding_pb2.RESOLUTION_STATUS_LOCATED
    }


def limit_of(page_size: int) -> int:
    """Read how many hits are wanted.

    Raises:
        InvalidArgument: Outside 0 to `MAX_HITS`.
    """
    if not 0 <= page_size <= MAX_HITS:
        raise InvalidArgument(f"must be 0 to {MAX_HITS}", field="page_size")
    return page_size or DEFAULT_HITS


def result_to_pb(
    ranking: Ranking[Hotel],
    plan: QueryPlan,
    vocabulary: Vocabulary,
    *,
    into: pb.RankingResult | None = None,
) -> pb.RankingResult:
    """Return the outcome of ranking, written into an empty message of a larger one where given.

    Thirty records are worth that: protobuf copies a message that is set.
    """
    message = pb.RankingResult() if into is None else into
    for relaxation in ranking.relaxations:
        message.relaxations.add(
            condition=condition_to_pb(relaxation.condition), match_count=relaxation.match_count
        )
    message.skipped_stages.extend(ranking.skipped)
    message.fusion = ranking.fusion
    if ranking.total_matches is not None:
        message.total_matches = ranking.total_matches
    hits = _Hits(ranking.points, plan, vocabulary)
    for rank, hit in enumerate(ranking.hits, start=1):
        hits.write(message.hits.add(rank=rank, hotel=hit.ranked.candidate.record), hit)
    return message


class _Hits:
    """Writes the hits of one ranking.

    Thirty hits have hundreds of small parts. Their fields are set one by one: protobuf takes half
    as long again to read them from keywords.
    """

    def __init__(
        self, points: Mapping[int, Point], plan: QueryPlan, vocabulary: Vocabulary
    ) -> None:
        self._points = points
        self._names = {place.id: place.called(plan.language) for place in plan.places}
        self._language = plan.language
        self._vocabulary = vocabulary
        # Hits differ in their values alone. Leaves live as long as the plan.
        self._reasons: dict[tuple[int, bool, Truth, Field, bool], pb.Reason] = {}

    def write(self, out: pb.Hit, hit: RankedHit[Hotel]) -> None:
        """Write score, distances and reasons."""
        candidate = hit.ranked.candidate
        out.score = hit.ranked.score
        add_part = out.score_parts.add
        for addend in hit.ranked.parts:
            part = add_part()
            part.feature, part.value, part.weight = addend.feature, addend.value, addend.weight
        for place_id, point in self._points.items():
            km = distance_km(candidate.facts, point)
            if km is not None:
                distance = out.distances.add()
                distance.place_id, distance.distance_km = place_id, km
                distance.place_name = self._names.get(place_id, "")
        reasons = out.reasons
        for entry in hit.evidence:
            reason = self._reason(entry)
            reason.value = _words(entry, candidate.record, self._language, self._vocabulary)
            reasons.append(reason)

    def _reason(self, entry: Evidence) -> pb.Reason:
        """Return the evidence without the record's value."""
        key = (id(entry.wish), entry.hard, entry.truth, entry.field, entry.negated)
        reason = self._reasons.get(key)
        if reason is None:
            reason = self._reasons[key] = pb.Reason(
                hard=entry.hard,
                satisfaction=pb.SATISFACTION_UNKNOWN
                if entry.truth is None
                else pb.SATISFACTION_MET
                if entry.truth
                else pb.SATISFACTION_NOT_MET,
                field=field_to_pb(entry.field),
                negated=entry.negated,
            )
            if isinstance(entry.wish, Trend):
                reason.trend.CopyFrom(trend_to_pb(entry.wish))
            else:
                reason.condition.CopyFrom(condition_to_pb(entry.wish))
        return reason


def _words(entry: Evidence, hotel: Hotel, language: str, vocabulary: Vocabulary) -> str:
    """Return the record's value in words; the record's own words where it has some."""
    if entry.field is Field.NAME:
        return hotel.names[0].text if hotel.names else ""
    if entry.field is Field.PRICE and entry.number is not None:
        return f"{_number(amount(hotel.price))} {hotel.price.currency_code}".strip()
    if entry.field is Field.DISTANCE and entry.number is not None:
        return f"{entry.number:.1f} km"
    if entry.number is not None and isinstance(entry.wish, Range | Trend):
        return _number(entry.number)
    if isinstance(entry.wish, Near):
        near = f" ({entry.number:.1f} km)" if entry.number is not None else ""
        return "、".join(entry.values[:3]) + near
    section = _SECTIONS.get(entry.field, "")
    labels = [vocabulary.label(section, value, language or "en") for value in entry.values[:5]]
    if entry.field is Field.FACILITY:
        labels = [
            _facility_label(value, hotel, label)
            for value, label in zip(entry.values[:5], labels, strict=True)
        ]
    return ", ".join(labels)


def _number(number: float) -> str:
    """Return the number without needless zeros, never in powers of ten."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _facility_label(value: str, hotel: Hotel, label: str) -> str:
    for item in hotel.facilities.items:
        if item.id == value and item.label:
            return item.label
    return label


def without_records(
    messages: Sequence[candidate_pb2.StageResult],
) -> list[candidate_pb2.StageResult]:
    """Return the stages' results without the records, for Explain."""
    slim = []
    for message in messages:
        copy = candidate_pb2.StageResult(
            stage=message.stage,
            failure_reason=message.failure_reason,
            failure_message=message.failure_message,
            leave_one_out=message.leave_one_out,
            index_version=message.index_version,
            method=message.method,
        )
        if message.HasField("match_count"):
            copy.match_count = message.match_count
        for found in message.candidates:
            candidate = copy.candidates.add()
            candidate.hotel_id, candidate.rank = found.hotel_id, found.rank
            candidate.score = found.score
        slim.append(copy)
    return slim
