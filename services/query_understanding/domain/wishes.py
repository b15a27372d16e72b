"""Order, number and relative wishes: "最便宜的三家", "再便宜点", "除了这两家"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.plan.condition import Condition, Field, Not, Range, Term
from services.plan.query_plan import Direction, Preference, SortKey, Trend
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.of_shown import refuses_shown
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.reference import by_ordinal
from services.query_understanding.domain.state import DialogueState

_UP, _DOWN = Direction.ASCENDING, Direction.DESCENDING
_SORTS = {
    "cheapest": (Field.PRICE, _UP),
    "dearest": (Field.PRICE, _DOWN),
    "best_rated": (Field.GUEST_RATING, _DOWN),
    "worst_rated": (Field.GUEST_RATING, _UP),
    "nearest": (Field.DISTANCE, _UP),
    "most_stars": (Field.STAR_RATING, _DOWN),
    "most_reviewed": (Field.REVIEW_COUNT, _DOWN),
}
_WORST = re.compile(r"最差|垫底|worst|lowest (?:rat|scor)")
_COUNT_ZH = {
    "一": 1,
    "两": 2,
    "俩": 2,
    "二": 2,
    "三": 3,
    "仨": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "十": 10,
}
_COUNTED = re.compile(
    r"前([一二两三四五六十\d]+)(?:名|家|个|位)?|(?:给我|来|要)(仨|俩|两|三)(?![块元十百千万星张间晚天夜位人床]|个(?:人|大人|孩子|小孩|床))|"
    r"\b(?:top|which|cheapest|first|best|the|any|just|only|give me|show me|nearest|closest) (\d|two|three|four|five|six|ten)\b(?![\d.,]|[ -]?(?:stars?|points?|yuan|km|nights?|people)|(?: or | to | and |-|–|/)(?:\d|two|three|four|five))|"
    r"\b(\d|two|three|four|five) (?:hotels|places|options|most|least|best|cheapest|priciest|nearest|closest|highest|top|of (?:them|tehm)|will do|is enough|are enough)\b"
)
_COUNT_EN = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
# "两间大床房": rooms, not houses.
_ROOMS = re.compile(r"[^间]{1,3}间[^,，。]{0,3}(?:房|大床|双床|标间|标准间|套间|屋)")
# "便宜的不要", "评分高于4.5": no such wish.
_UNWISHED = re.compile(r"的?(?:别|不要|不用|免谈|不考虑|不看)|[于过]")
# "最贵不超过800": a bound, no order.
_BOUND_OF_PRICE = re.compile(
    r"的?(?:也|都)?(?:别|不(?:能|要|得|可以)?|只能|只要|在|到|是)?(?:超过?|高于|过|低于|\d{2})"
)
# "哪家离王府井最近": an order; "最近" alone is "lately".
_NEAREST_TO = re.compile(r"(?:离|距离?)[^,，。;；]{1,16}?最近")
_SINGLE = re.compile(
    r"(?:哪|那)(?:一)?[家个](?![都,，])|\b(?:which (?:one|hotel|place) (?:is|has)|the (?:single )?(?:cheapest|nearest|closest|best[- ]rated) (?:hotel|one|place)\b)"
)


def sort_keys(said: Recognised) -> tuple[SortKey, ...]:
    """Return the order asked for, most significant first."""
    keys: list[SortKey] = []
    for cue in said.cues:
        found = _SORTS.get(cue.name)
        if found is None and cue.name in ("low_to_high", "high_to_low"):
            direction = _UP if cue.name == "low_to_high" else _DOWN
            field = Field.GUEST_RATING if said.has("field_rating", "best_rated") else Field.PRICE
            if not any(k.field is field for k in keys):
                keys.append(SortKey(field, direction))
            continue
        if found is not None and _BOUND_OF_PRICE.match(said.turn.text, cue.end):
            continue
        if found is not None and not any(k.field is found[0] for k in keys):
            keys.append(SortKey(*found))
    if _NEAREST_TO.search(said.turn.text) and not any(k.field is Field.DISTANCE for k in keys):
        keys.append(SortKey(Field.DISTANCE, _UP))
    return tuple(keys)


def count(said: Recognised, sorts: Sequence[SortKey]) -> int | None:
    """Return how many hotels are asked for, `None` when nothing says so."""
    text = said.turn.text
    for found in said.counts:
        after = text[found.end : found.end + 6]
        deictic = text[max(0, found.start - 2) : found.start]
        if (
            1 <= found.value <= 50
            and not deictic.endswith(("这", "那", "第", "几"))
            and not _ROOMS.match(text, found.start)
            and not after.startswith(("牌子", "店", "里"))
        ):
            return found.value
    match = _COUNTED.search(text)
    if match is not None and not re.search(r"(?:两|三)样|二选一", match.group()):
        word = next(group for group in match.groups() if group)
        if word in _COUNT_ZH:
            return _COUNT_ZH[word]
        if word in _COUNT_EN:
            return _COUNT_EN[word]
        if word.isdigit():
            return int(word)
    if sorts and _SINGLE.search(text):
        return 1
    return None


def relative(
    said: Recognised, state: DialogueState, lexicon: CatalogLexicon
) -> list[tuple[Field, Condition]]:
    """Return conditions relative to the hotels shown: strictly beyond the best of them."""
    found: list[tuple[Field, Condition]] = []
    prices = [p for h in state.shown if (p := _price(h.hotel_id, h.price, lexicon)) is not None]
    scores = [
        r for h in state.shown if (r := _rating(h.hotel_id, h.guest_rating, lexicon)) is not None
    ]
    stated = {atom.field for atom in said.atoms}
    if said.has("cheaper") and prices and Field.PRICE not in stated:
        leaf = Range(Field.PRICE, max=min(prices), max_exclusive=True)
        found.append((Field.PRICE, leaf))
    if said.has("dearer") and prices and Field.PRICE not in stated:
        found.append((Field.PRICE, Range(Field.PRICE, min=max(prices), min_exclusive=True)))
    if said.has("better_rated") and scores and Field.GUEST_RATING not in stated:
        best = Range(Field.GUEST_RATING, min=max(scores), min_exclusive=True)
        found.append((Field.GUEST_RATING, best))
    records = [lexicon.record(h.hotel_id) for h in state.shown]
    stars = [r.star_rating for r in records if r is not None and r.star_rating is not None]
    if said.has("more_stars") and stars and Field.STAR_RATING not in stated:
        leaf = Range(Field.STAR_RATING, min=max(stars), min_exclusive=True)
        found.append((Field.STAR_RATING, leaf))
    refused = (
        tuple(r.hotel_id for r in by_ordinal(said, state)) if refuses_shown(said, state) else ()
    )
    if refused:
        found.append((Field.HOTEL_ID, Not(Term(Field.HOTEL_ID, refused))))
    elif said.has("other_than_shown") and state.shown and not _other_brand(said):
        ids = tuple(hotel.hotel_id for hotel in state.shown)
        found.append((Field.HOTEL_ID, Not(Term(Field.HOTEL_ID, ids))))
    return found


def _other_brand(said: Recognised) -> bool:
    # "西城其他地段", "其他条件": other than what, is said by the word after it.
    text = said.turn.text
    return bool(re.search(r"(?:别的|其他的?|其它的?|换个?)(?:牌子|品牌|地段|条件|要求|经济型|区|都|设施)|其他照旧|别的条件|something else (?:on|about)", text)) or any(
        atom.field in (Field.NAME, Field.BRAND, Field.TIER) and said.has("except_open") for atom in said.atoms
    ) or (bool(said.atoms) and not re.search(r"这|你说|家|these|those|shown|mentioned|another|different", text))  # fmt: skip


def trends(said: Recognised, lexicon: CatalogLexicon) -> list[Preference]:
    """Return wishes for more or less of a number: "便宜点" where the catalogue has prices."""
    wished: list[Preference] = []

    def wish(field: Field, direction: Direction, *names: str) -> None:
        cue = next((cue for cue in said.of(*names) if not _UNWISHED.match(text, cue.end)), None)
        if cue is not None:
            spans = (said.turn.span(cue.start, cue.end),)
            wished.append(Preference(Trend(field, direction), 0.5, spans))

    text = said.turn.text
    # A catalogue that publishes bands and no prices has nothing that a price could be wished by.
    priced = lexicon.values(Field.PRICE) or not lexicon.values(Field.PRICE_BAND)
    banded = any(atom.field is Field.PRICE_BAND for atom in said.atoms)
    if (
        priced and not banded
        and not said.has("cheapest", "dearest", "low_to_high", "high_to_low")
    ):  # fmt: skip
        wish(Field.PRICE, _UP, "modest", "cheaper")
        wish(Field.PRICE, _DOWN, "dearer")
    wish(Field.GUEST_RATING, _DOWN, "well_rated", "better_rated")
    wish(Field.STAR_RATING, _DOWN, "more_stars")
    wish(Field.REVIEW_COUNT, _DOWN, "popular")
    return wished


def _price(hotel_id: str, told: float | None, lexicon: CatalogLexicon) -> float | None:
    record = lexicon.record(hotel_id)
    return told if told is not None else (record.price if record is not None else None)


def _rating(hotel_id: str, told: float | None, lexicon: CatalogLexicon) -> float | None:
    record = lexicon.record(hotel_id)
    return told if told is not None else (record.guest_rating if record is not None else None)
