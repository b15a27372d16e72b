"""What the words point at: hotels shown, hotels named, places under discussion."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from services.plan.condition import Field, PlaceCategory
from services.plan.names import fold_name
from services.plan.query_plan import PlaceMention, ShownReference
from services.query_understanding.domain.catalog_names import CatalogLexicon, HotelRecord
from services.query_understanding.domain.near_phrases import Anchor, NearPhrase
from services.query_understanding.domain.place_names import category_of
from services.query_understanding.domain.places import PlaceReadings, categories_of
from services.query_understanding.domain.recognised import ORDINAL, HotelMention, Recognised
from services.query_understanding.domain.state import DialogueState, ShownHotel
from services.query_understanding.domain.unknown_house import is_like
from services.text.fold import fold_text, has_han

_LEAST_CUT_NAME = 3
_LONGEST_ABBREVIATION = 4


def resolve_hotel(
    mention: HotelMention, state: DialogueState, lexicon: CatalogLexicon
) -> Sequence[HotelRecord]:
    """Return the hotels a name means: shown ones first, then the catalogue's."""
    if mention.rivals:
        alike = records_of(mention, lexicon)
        on_screen = {hotel.hotel_id for hotel in state.shown}
        return [record for record in alike if record.hotel_id in on_screen][:1] or alike
    records = records_of(mention, lexicon)
    if mention.whole and records:
        return records
    word = fold_name(fold_text(mention.name))
    shown = [r for h in state.shown if (r := lexicon.record(h.hotel_id)) is not None
             and any(word in fold_name(fold_text(n)) for n in r.names)]  # fmt: skip
    return shown[:1] if shown else records


def records_of(mention: HotelMention, lexicon: CatalogLexicon) -> Sequence[HotelRecord]:
    """Return the hotels of the catalogue that a name fits."""
    if not mention.whole:
        return lexicon.hotels_named(mention.name) or lexicon.hotels_with_part(mention.name)
    names = (mention.name, *mention.rivals)
    return [record for name in names for record in lexicon.hotels_named(name)]


def referred(
    said: Recognised, state: DialogueState, lexicon: CatalogLexicon
) -> tuple[ShownReference, ...]:
    """Return the hotels the words point at: by name, by place in the list, or the one in focus.

    None where a house is named that the catalogue does not know: it is not the one in focus.
    """
    found: list[ShownReference] = []
    for mention in said.hotels:
        records = resolve_hotel(mention, state, lexicon)
        if len(records) > 1 and (mention.rivals or not mention.whole):
            continue
        for record in records[:1]:
            spans = (said.turn.span(mention.start, mention.end),)
            found.append(ShownReference(record.hotel_id, spans))
    if found:
        return tuple(found)
    if not all(may_be_shown(span, said, state) for span in said.unknown_houses):
        return ()
    found += by_ordinal(said, state)
    if found or (state.shown and said.ordinals()):
        return tuple(dict.fromkeys(found))  # none where the list is shorter
    picked = _picked(said, state, lexicon)
    if picked is not None:
        return (picked,)
    cut = _cut_name(said, state)
    if cut is not None:
        return (ShownReference(cut.hotel_id),)
    focus = state.hotel_in_focus()
    return (ShownReference(focus),) if focus else ()


def by_ordinal(said: Recognised, state: DialogueState) -> list[ShownReference]:
    """Return the hotels shown that are pointed at by their place in the list."""
    found: list[ShownReference] = []
    for cue in said.ordinals() if state.shown else ():
        which = cue.name.removeprefix(ORDINAL)
        index = len(state.shown) - 1 if which == "last" else int(which) - 1
        if 0 <= index < len(state.shown):
            spans = (said.turn.span(cue.start, cue.end),)
            found.append(ShownReference(state.shown[index].hotel_id, spans))
    return found


def may_be_shown(span: tuple[int, int], said: Recognised, state: DialogueState) -> bool:
    """Tell whether a name that the catalogue does not know may be a shown hotel's, cut short."""
    start, end = span
    for area_start, area_end in said.areas:  # "Beijing" is in every name there
        if area_start == start and area_end < end:
            start = area_end
    names = [name for hotel in state.shown for name in (hotel.name, *hotel.other_names)]
    return is_like(said.turn.text[start:end], [fold_text(name) for name in names])


def _picked(
    said: Recognised, state: DialogueState, lexicon: CatalogLexicon
) -> ShownReference | None:
    """The shown hotel that stands out: "便宜的那个", or the only one of a brand: "希尔顿的电话"."""
    if len(state.shown) < 2:
        return None
    for pattern, of, best in _STANDS_OUT:
        match = pattern.search(said.turn.text)
        if match is None:
            continue
        known = [(value, hotel) for hotel in state.shown if (value := of(hotel)) is not None]
        if known:
            chosen = best(known, key=lambda entry: entry[0])[1]
            return ShownReference(chosen.hotel_id, (said.turn.span(*match.span()),))
    for atom in said.atoms:
        if atom.field is Field.BRAND:
            records = [lexicon.record(hotel.hotel_id) for hotel in state.shown]
            own = [r for r in records if r is not None and r.brand == atom.value]
            if len(own) == 1:
                spans = (said.turn.span(atom.start, atom.end),)
                return ShownReference(own[0].hotel_id, spans)
    return None


_THAT_ONE = r"(?:的)?(?:那|这)(?:一)?(?:家|个)"
_STANDS_OUT: Sequence[
    tuple[
        re.Pattern[str],
        Callable[[ShownHotel], float | None],
        Callable[..., tuple[float, ShownHotel]],
    ]
] = (
    (re.compile(rf"(?:便宜|实惠|划算){_THAT_ONE}|the cheap(?:er|est) one"), lambda h: h.price, min),
    (re.compile(rf"贵{_THAT_ONE}|the (?:more|most) expensive one|the priciest one"),
     lambda h: h.price, max),
    (re.compile(rf"(?:评分|分|口碑|评价)(?:最|更)?(?:高|好){_THAT_ONE}|the (?:better|best|higher|highest)[- ]rated one"),
     lambda h: h.guest_rating, max),
)  # fmt: skip


def _cut_name(said: Recognised, state: DialogueState) -> ShownHotel | None:
    """A shown hotel whose name the guest cut short: "那个国宏" for "北京国宏宾馆"."""
    text = said.turn.text
    if len(state.shown) < 2:
        return None
    best: tuple[int, ShownHotel] | None = None
    for hotel in state.shown:
        name = fold_text(hotel.name)
        for size in range(min(len(name), 12), _LEAST_CUT_NAME - 1, -1):
            pieces = {name[i : i + size] for i in range(len(name) - size + 1)}
            others = [fold_text(o.name) for o in state.shown if o is not hotel]
            hit = [p for p in pieces if p in text and not any(p in o for o in others)]
            hit = [p for p in hit if not re.search(r"酒店|宾馆|饭店|hotel|附近| ", p)]
            if hit:
                if best is None or size > best[0]:
                    best = (size, hotel)
                break
    return best[1] if best is not None else None


def place_meant(
    said: Recognised, places: PlaceReadings, state: DialogueState, phrase: NearPhrase | None
) -> PlaceMention | None:
    """Return the place that a word of nearness without a name means.

    It is one named in the same words, else the one under discussion; "这家餐馆", "这个剧院" say of
    what kind.
    """
    if phrase is not None:
        wanted = _CATEGORY_OF_ANCHOR.get(phrase.anchor) or category_of(phrase.noun)
    else:
        anaphors = [cue for cue in said.cues if cue.name.startswith("anaphor_")]
        wanted = categories_of(anaphors) or categories_of(said.cues)
    discussed = [*state.focus_places, *(mention for _, _, mention in places.named)]
    noun = phrase.noun if phrase is not None else ""
    if noun:
        named = [m for m in discussed if noun in m.name]
        discussed = named or discussed
    fitting = [m for m in discussed if wanted is None or m.category in (wanted, None)]
    chosen = fitting or discussed
    return chosen[-1] if chosen else None


def settled(mention: PlaceMention, state: DialogueState, lexicon: CatalogLexicon) -> PlaceMention:
    """Return the place under discussion that a name cut short means: "北大" after "北京大学".

    A name that is a place's whole name means that place.
    """
    short = fold_name(fold_text(mention.name))
    if lexicon.place_named(mention.canonical_name or mention.name):
        return mention
    for place in reversed(state.focus_places):
        whole = fold_name(fold_text(place.canonical_name or place.name))
        if short != whole and (short in whole or _abbreviates(short, whole)):
            return replace(place, spans=mention.spans)
    return mention


def _abbreviates(short: str, whole: str) -> bool:
    """Tell whether Chinese characters are some of a name's, in order, from its first: "北大"."""
    if not 2 <= len(short) <= _LONGEST_ABBREVIATION or short[0] != whole[0] or not has_han(short):
        return False
    rest = iter(whole)
    return all(character in rest for character in short)


_CATEGORY_OF_ANCHOR = {
    Anchor.RESTAURANT: PlaceCategory.RESTAURANT,
    Anchor.ATTRACTION: PlaceCategory.ATTRACTION,
}


def topic_category(topic: str) -> PlaceCategory | None:
    """Return the category of places that a topic is about."""
    return {
        "attraction": PlaceCategory.ATTRACTION, "restaurant": PlaceCategory.RESTAURANT
    }.get(topic)  # fmt: skip
