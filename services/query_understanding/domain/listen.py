"""The system's own turns in an explicit history: what they showed, asked and talked about."""

from __future__ import annotations

import re
from dataclasses import replace

from services.plan.condition import Field, PlaceCategory
from services.plan.query_plan import Clarification, PlaceMention
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.recognise import Recognised, recognise
from services.query_understanding.domain.reference import topic_category
from services.query_understanding.domain.state import MOST_PLACES, DialogueState, ShownHotel
from services.query_understanding.domain.turn_text import read

_PRICE_AFTER = re.compile(r"[^0-9]{0,16}?(\d{2,5})\s*(?:元|yuan|块|rmb|pounds)")
_SCORE_AFTER = re.compile(
    r"[^,，。；;]{0,30}?(?:评分|rated|rating of|score of?)\s*(?:是|为)?\s*(\d(?:\.\d)?)"
)
_SUGGESTED = re.compile(
    r"(?:推荐|建议|选择|考虑|去|看看|可以(?:去)?|试试|(?:叫|是)|那就|就去)(?:您|你|大家|你们|您们|给您|给你|一家|一下|家)*(?:去|到|选择|考虑|看看|住|游玩|的是|的)*"
    r"(?P<names>[\u4e00-\u9fffa-z0-9·の・'()（） \-/&]{2,60}?)(?=这|游玩|用餐|吃饭|玩|看看|吧|呢|哦|，|。|！|？|,|!|\?|都|也|很|不错|，|挺|的|是|$|符合|满足)"
)
_EN_SUGGESTED = re.compile(
    r"\b(?:recommend|suggest|how about|go to|choose|try|visit|called|is)(?: you)?(?: to)?(?: go)?(?: to)?(?: visit)?(?: the)? (?P<names>[a-z0-9][\w' ()&.-]{3,60}?)(?=,|\.|!|\?| with| for| is | are | as | which|$|'s)"
)
_LISTED_BEFORE = re.compile(r"(?:周边|附近|周围|旁边|nearby|around|near)[^。！？.!?]*$")
_QUESTION = re.compile(r"[?？]|吗|呢")
_ASKED = (
    ("field_district", Field.DISTRICT), ("field_price", Field.PRICE_BAND), ("field_star", Field.STAR_RATING),
    ("field_kind", Field.KIND), ("field_rating", Field.GUEST_RATING),
)  # fmt: skip


def listen(
    text: str, state: DialogueState, lexemes: Lexemes, lexicon: CatalogLexicon
) -> DialogueState:
    """Take an assistant's turn into the state: hotels shown, places named, what was asked."""
    turn = read(text[:4000])
    said = recognise(turn, lexemes, lexicon)
    shown = _shown(said, lexicon)
    topic = _topic(said, bool(shown), state)
    focus = state.focus_hotel_id
    if shown:
        ids = [hotel.hotel_id for hotel in shown]
        listed = _LISTED_BEFORE.search(turn.text[: said.hotels[0].start]) is not None
        if len(ids) == 1 and not (listed and focus):
            focus = ids[0]
        elif focus not in ids or len(ids) > 1:
            focus = focus if focus in ids and len(ids) == 1 else ""
    places = _focus_places(said, state, topic)
    return replace(
        state,
        shown=tuple(shown) or state.shown,
        focus_hotel_id=focus,
        focus_places=(state.focus_places + places)[-MOST_PLACES:],
        topic=topic,
        pending=_pending(said),
    )


def _shown(said: Recognised, lexicon: CatalogLexicon) -> list[ShownHotel]:
    shown: dict[str, ShownHotel] = {}
    text = said.turn.text
    for index, mention in enumerate(said.hotels):
        records = lexicon.hotels_named(mention.name)
        if not records:
            continue
        record = records[0]
        until = said.hotels[index + 1].start if index + 1 < len(said.hotels) else len(text)
        price = _PRICE_AFTER.match(text[mention.end : until])
        score = _SCORE_AFTER.match(text[mention.end : until])
        shown[record.hotel_id] = ShownHotel(
            record.hotel_id,
            record.name,
            float(price[1]) if price is not None else record.price,
            float(score[1]) if score is not None else record.guest_rating,
            record.names[1:],
        )
    return list(shown.values())


def _topic(said: Recognised, hotels: bool, state: DialogueState) -> str:
    text = said.turn.text
    if re.search(r"车型|车牌|出租|\b(?:train|taxi|car type|departs?|arrives?)\b", text):
        return "transport"
    if hotels and not re.search(r"周边的?酒店|hotels (?:around|near)", text):
        return "hotel"
    if (
        said.has("hotel_word")
        and said.has("request", "field_district", "field_price")
        and not said.has("other_food", "other_sight")
    ):
        return "hotel"
    if re.search(r"\b(?:restaurants?|cuisine|food|dine|table)\b|人均|推荐菜", text):
        return "restaurant" if state.topic != "hotel" or not hotels else state.topic
    if re.search(
        r"\b(?:museums?|colleges?|entrance fee|attractions?|theatres?|parks?|nightclub)\b|门票|游玩时",
        text,
    ):
        return "attraction"
    if not text.isascii():
        return state.topic
    if re.search(
        r"\b(?:hotels?|guest ?houses?|stay|accommodations?|bed and breakfast|stars?)\b", text
    ):
        return "hotel"
    return state.topic


def _focus_places(said: Recognised, state: DialogueState, topic: str) -> tuple[PlaceMention, ...]:
    """Return places the system put forward; those it only listed as near do not count."""
    text, turn = said.turn.text, said.turn
    if topic not in ("attraction", "restaurant") and state.topic not in (
        "attraction",
        "restaurant",
    ):
        return ()
    category = topic_category(topic) or topic_category(state.topic)
    found: list[tuple[int, PlaceMention]] = []
    for place in said.places:
        if _LISTED_BEFORE.search(text[: place.start]):
            continue
        span = turn.span(place.start, place.end)
        found.append(
            (place.start, PlaceMention(0, span.text, place.name, category, state.city, ()))
        )
    pattern = _SUGGESTED if not text.isascii() else _EN_SUGGESTED
    for match in pattern.finditer(text):
        if _LISTED_BEFORE.search(text[: match.start()]) or any(
            match.start() <= p.start < match.end() for p in said.places
        ):
            continue
        if any(match.start() <= h.start < match.end() for h in said.hotels):
            continue
        start, end = match.span("names")
        for piece in re.finditer(
            r"[^和、或及]+" if not text.isascii() else r"(?:(?! and ).)+", text[start:end]
        ):
            span = turn.span(start + piece.start(), start + piece.end())
            name = span.text.strip()
            if 2 <= len(name) <= 40 and not re.fullmatch(
                r"(?:以下|这|那|您|它|几|很多|景点|餐馆|一|两|有).{0,4}", name
            ):
                found.append((start, PlaceMention(0, name, "", category, state.city, ())))
    # The first put forward is the one "it" means, so it comes last.
    found.sort(key=lambda entry: -entry[0])
    return tuple(mention for _, mention in found)


def _pending(said: Recognised) -> Clarification | None:
    text = said.turn.text
    if not _QUESTION.search(text):
        return None
    asked = [field.value for name, field in _ASKED if said.has(name)]
    if re.search(
        r"guest ?houses? or (?:a )?hotel|hotels? or (?:a )?guest ?house|type of (?:hotel|place)",
        text,
    ):
        asked.append(Field.KIND.value)
    if re.search(r"price ?range|price", text) and Field.PRICE_BAND.value not in asked:
        asked.append(Field.PRICE_BAND.value)
    if not asked:
        return None
    return Clarification(said.turn.original, ",".join(dict.fromkeys(asked)))


def category_name(category: PlaceCategory | None) -> str:
    """Return the topic that a category of places belongs to."""
    return (
        category.value if category in (PlaceCategory.ATTRACTION, PlaceCategory.RESTAURANT) else ""
    )
