"""The system's own turns in an explicit history: what they showed, asked and talked about."""

from __future__ import annotations

import re
from dataclasses import replace

from services.plan.condition import Field, PlaceCategory
from services.plan.query_plan import Clarification, PlaceMention
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.name_words import tells_a_house
from services.query_understanding.domain.offers import offered
from services.query_understanding.domain.place_names import (
    category_of,
    could_be_a_name,
    tidied,
)
from services.query_understanding.domain.recognise import recognise
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.reference import may_be_shown, records_of, topic_category
from services.query_understanding.domain.state import MOST_PLACES, DialogueState, ShownHotel
from services.query_understanding.domain.told_elsewhere import told
from services.query_understanding.domain.turn_text import read
from services.text.fold import has_han

# English says the same in more letters.
_PRICE_AFTER = re.compile(r"(?:[^0-9]{0,16}?|[ -/:-~]{0,40}?)(\d{2,5})\s*(?:元|yuan|块|rmb|pounds)")
_SCORE_AFTER = re.compile(
    r"[^,，。；;]{0,30}?(?:评分|rated|rating (?:of|is)|score of?)\s*(?:是|为)?\s*(\d(?:\.\d)?)"
)
_SUGGESTED = re.compile(
    r"(?:推荐(?!菜)|建议|没去过|选择|考虑|去|看看|可以(?:去)?|试试|一家叫|叫做?|那就|就去|只有|有)(?:您|你|大家|你们|您们|给您|给你|一下|们)*"
    r"(?:去|到|选择|考虑|看看|一家叫|一家|一个|个)*"
    r"(?P<names>[\u4e00-\u9fffa-z0-9·の・'（）() \-/&、]{2,60}?)(?=这|游玩|用餐|吃饭|玩|看看|尝尝|转转|吧|呢|哦|就|行|一个景点|,|。|!|\?|都|也|很|不错|挺|是|两|几|你|$|符合|满足)"
)
_NOT_A_NAME = re.compile(
    r"\d{3}|\d元|小时|门票|人均|消费|价位|价格|地址|电话|评分|一个|符合|适合|预约|联系|条件|要求|信息|这|那些|您|你|我|满足|查到|没有|酒店$|餐馆$|景点$|餐厅$|周边|附近|推荐菜|完全|很|地方"
)
_MODIFIED = re.compile(r"^.*(?:\d|元|消费|门票|评分|分)[^的]*的")
_ADDRESS = re.compile(r"(?:地址|位于|坐落|address|located)[^。!?]*$")
_EN_SUGGESTED = re.compile(
    r"\b(?:recommend|suggest|how about|go to|choose|try|visit|called|is)(?: you)?(?: to)?(?: go)?(?: to)?(?: visit)?(?: the)? (?P<names>[a-z0-9][\w' ()&.-]{3,60}?)(?=,|\.|!|\?| with| for| is | are | as | which|$|'s)"
)
_LISTED_BEFORE = re.compile(
    r"(?:周边|附近|周围|旁边|nearby|around|near)"
    r"(?:(?!推荐|建议|可以|考虑|去|试试|找到|给[你您]|选|recommend|suggest|go to|how about)[^。.!?])*$"
)
# A telephone number, a price, a time or an address after "是" is a fact told, not a place's name.
_FACT = re.compile(
    r"\d{3,}|\d(?:元|分|块|小时|点|人)|元$|小时|电话|地址|周[一二三四五六日]|\d:\d\d|免费|"
    r"[省市区县镇乡村路街巷].{0,16}(?:号|米|公里|千米|处|层|楼|内|侧)|(?:省|市).{1,6}(?:区|县)"
)
_SENTENCE_STOP = re.compile(r"[.!?](?= |$)")
_ASKED_ABOUT = {
    "hotel": re.compile(r"\b(?:hotels?|guest ?houses?|accommodations?|stay(?:ing)?|lodging)\b"),
    "restaurant": re.compile(r"\b(?:restaurants?|cuisine|food|dine|dining|table)\b"),
    "attraction": re.compile(r"\b(?:attractions?|museums?|colleges?|theatres?|parks?|sights?)\b"),
}
_MOST_ADDRESS_CHARS = 60
_ADDRESS_EN = re.compile(
    r"\bno\. ?\w?\d|\b\d+(?:st|nd|rd|th)? (?:floor|street|ring)|\b\w?\d+(?:f| floor)\b|\b(?:district|town|hutong|township|county)\b"
)
_NEAR = re.compile(r"\b(?:near(?:by)?|around|arund|surrounding|close to|vicinity|neighbou?rhood)\b")
_ALL_NEAR = re.compile(r"\s*(?:these|those|they|all|both)\b[^.!?]*\b(?:near|nearby|around)\b")
_PUT_FORWARD = re.compile(
    r"\b(?:recommend(?:ed)?|suggest|how about|what about|go to|choose|try|visit|stay at)\b"
)
_QUESTION = re.compile(r"[?？]|吗|呢")
_ASKED = (
    ("field_district", Field.DISTRICT), ("field_price", Field.PRICE_BAND), ("field_star", Field.STAR_RATING),
    ("fact_star", Field.STAR_RATING), ("field_kind", Field.KIND), ("field_rating", Field.GUEST_RATING),
)  # fmt: skip


def listen(
    text: str, state: DialogueState, lexemes: Lexemes, lexicon: CatalogLexicon
) -> DialogueState:
    """Take an assistant's turn into the state: hotels shown, places named, what was asked."""
    turn = read(text[:4000])
    said = recognise(turn, lexemes, lexicon)
    shown = _shown(said, state, lexicon)
    topic = _topic(said, bool(shown), state)
    # A house that the catalogue does not know may be the one that is talked about from now on.
    focus = "" if said.unknown_houses else state.focus_hotel_id
    if shown and not said.unknown_houses:
        ids = [hotel.hotel_id for hotel in shown]
        listed = _listed(turn.text, said.hotels[0].start)
        if len(ids) == 1 and not (listed and focus):
            focus = ids[0]
        elif focus not in ids or len(ids) > 1:
            focus = focus if focus in ids and len(ids) == 1 else ""
    listed_places, places = _focus_places(said, state, topic, lexicon)
    return replace(
        state,
        shown=tuple(shown) or (() if _another_put_forward(said, state) else state.shown),
        focus_hotel_id=focus,
        focus_places=(listed_places + state.focus_places + places)[-MOST_PLACES:],
        topic=topic,
        pending=_pending(said),
        elsewhere=told(said, state.elsewhere) if topic != "hotel" else state.elsewhere,
    )


def _another_put_forward(said: Recognised, state: DialogueState) -> bool:
    """Tell whether a house was named that is none of those shown: "it" is none of them either."""
    return not all(may_be_shown(span, said, state) for span in said.unknown_houses)


def _shown(said: Recognised, state: DialogueState, lexicon: CatalogLexicon) -> list[ShownHotel]:
    shown: dict[str, ShownHotel] = {}
    text = said.turn.text
    for index, mention in enumerate(said.hotels):
        until = said.hotels[index + 1].start if index + 1 < len(said.hotels) else len(text)
        price = _PRICE_AFTER.match(text[mention.end : until])
        score = _SCORE_AFTER.match(text[mention.end : until])
        if not (mention.whole or _names_a_house(mention.name, state)):
            continue
        records = records_of(mention, lexicon)
        several = bool(mention.rivals) or (len(records) > 1 and not mention.whole)
        if several:
            # Of names that fit alike, the one of which the price or the score told is true.
            records = [
                record for record in dict.fromkeys(records)
                if (price is not None or score is not None)
                and (price is None or record.price == float(price[1]))
                and (score is None or record.guest_rating == float(score[1]))
            ]  # fmt: skip
        if not records or (several and len(records) > 1):
            continue
        record = records[0]
        shown[record.hotel_id] = ShownHotel(
            record.hotel_id,
            record.name,
            float(price[1]) if price is not None else record.price,
            float(score[1]) if score is not None else record.guest_rating,
            record.names[1:],
        )
    return list(shown.values())


def _names_a_house(part: str, state: DialogueState) -> bool:
    """Tell whether a piece of a hotel's name is said of one: "32 Bridge Street" is an address."""
    return state.topic in ("", "hotel") and (has_han(part) or tells_a_house(part))


def _topic(said: Recognised, hotels: bool, state: DialogueState) -> str:
    text = said.turn.text
    if re.search(r"车型|车牌|出租|\b(?:train|taxi|car type|departs?|arrives?)\b", text):
        return "transport"
    asked = _topic_asked(text) if said.turn.language == "en" else ""
    if asked:
        return asked
    if hotels and not re.search(r"周边的?酒店|hotels (?:around|near)", text):
        return "hotel"
    if (
        said.has("hotel_word")
        and said.has("request", "field_district", "field_price")
        and not said.has("other_food", "other_sight")
    ):
        return "hotel"
    if text.isascii() and state.topic == "hotel" and _NEAR.search(text):
        return "hotel"  # what is near the hotel was told
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


def _topic_asked(text: str) -> str:
    """Return what the question at the end of an English turn is about, "" where it does not say."""
    if not text.rstrip().endswith("?"):
        return ""
    question = _SENTENCE_STOP.split(text.rstrip(" ?"))[-1]
    about = [topic for topic, words in _ASKED_ABOUT.items() if words.search(question)]
    return about[0] if len(about) == 1 else ""


def _focus_places(
    said: Recognised, state: DialogueState, topic: str, lexicon: CatalogLexicon
) -> tuple[tuple[PlaceMention, ...], tuple[PlaceMention, ...]]:
    """Return the places the system only listed as near something, and those it put forward."""
    text, turn = said.turn.text, said.turn
    category = topic_category(topic) or topic_category(state.topic)
    if category is None and re.search(r"餐馆|餐厅|吃|restaurant|dinner", text):
        category = PlaceCategory.RESTAURANT
    # Names that no list has are only looked for where places are talked about.
    elsewhere = topic != "hotel" or state.topic != "hotel"
    found: list[tuple[int, PlaceMention]] = []
    aside: list[PlaceMention] = []
    for place in said.places:
        if _ADDRESS.search(text[: place.start]) or _is_address(text, place.start):
            continue
        span = turn.span(place.start, place.end)
        kinds = {entry.category for entry in lexicon.place_named(place.name)}
        kind = category if category in kinds or len(kinds) != 1 else next(iter(kinds))
        mention = PlaceMention(0, span.text, place.name, kind, state.city, ())
        if _listed(text, place.start):
            aside.append(mention)
        else:
            found.append((place.start, mention))
    pattern = _SUGGESTED if not text.isascii() else _EN_SUGGESTED
    for match in pattern.finditer(text):
        if _listed(text, match.start()) or any(
            match.start() <= p.start < match.end() for p in said.places
        ):
            continue
        if any(match.start() <= h.start < match.end() for h in said.hotels):
            continue
        if text.isascii() and _is_address(text, match.start("names")):
            continue
        start, end = match.span("names")
        for piece in re.finditer(
            r"[^和、或及]+" if not text.isascii() else r"(?:(?! and ).)+", text[start:end]
        ):
            span = turn.span(start + piece.start(), start + piece.end())
            if turn.cased and text.isascii() and not turn.is_capital(start + piece.start()):
                continue
            name = tidied(_MODIFIED.sub("", span.text.strip()))
            if not elsewhere or not 3 <= len(name) <= 40 or _NOT_A_NAME.search(name):
                continue
            if could_be_a_name(name):
                kind = category_of(name) or category
                found.append((start, PlaceMention(0, name, "", kind, state.city, ())))
    # The first put forward is the one "it" means, so it comes last; known names before guesses.
    found.sort(key=lambda entry: (bool(entry[1].canonical_name), -entry[0]))
    return tuple(aside), tuple(mention for _, mention in found)


def _listed(text: str, at: int) -> bool:
    """Tell whether a name there is one of those listed as near something."""
    if text.isascii():
        return _listed_in_english(text, at)
    if _LISTED_BEFORE.search(text[:at]):
        return True
    sentence = re.split(r"[。!?]", text[at:], maxsplit=1)[0]
    return bool(re.search(r"都是.{0,6}(?:周边|附近)的", sentence))


def _is_address(text: str, at: int) -> bool:
    """Tell whether an English sentence tells an address: places in it are no places to go."""
    sentence = _sentence_from(text, at)
    return bool(_ADDRESS_EN.search(sentence)) and not _PUT_FORWARD.search(sentence)


def _sentence_from(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in (" is ", "! ", "? ", "s at ")) + 1
    return text[start : at + _MOST_ADDRESS_CHARS].split("?")[0]


def _listed_in_english(text: str, at: int) -> bool:
    start = max(text.rfind(mark, 0, at) for mark in (". ", "! ", "? ")) + 1
    sentence, *after = _SENTENCE_STOP.split(text[start:], maxsplit=2)
    if _PUT_FORWARD.search(sentence):
        return False
    return bool(_NEAR.search(sentence)) or bool(after and _ALL_NEAR.match(after[0]))


def _pending(said: Recognised) -> Clarification | None:
    turn = said.turn.text
    # Only the sentence (in Chinese the clause) that asks says what is asked.
    pieces = re.split(r"(?<=[.!?])\s|(?<=[,。!?])" if not turn.isascii() else r"(?<=[.!?])\s", turn)
    asking = [p for p in pieces if p and (_QUESTION.search(p) or p is pieces[-1])]
    if not _QUESTION.search(turn) or not asking:
        return None
    text = asking[-1] if turn.isascii() else " ".join(asking)
    low = turn.rfind(asking[-1] if turn.isascii() else asking[0])
    if re.search(
        r"(?:看|觉得|您看|你看).{0,3}(?:可以|行|怎么样|如何|合适)|可以吗|行吗|would you like me to|shall i|should i book|book (?:it|one|a room)",
        text,
    ) and not re.search(r"area|price|star|区|价|要求", text):
        return None
    asked = [
        f.value for name, f in _ASKED if any(c.name == name and c.start >= low for c in said.cues)
    ]
    if re.search(
        r"guest ?houses? or (?:a )?hotel|hotels? or (?:a )?guest ?house|type of (?:hotel|place)",
        text,
    ):
        asked.append(Field.KIND.value)
    if re.search(r"price ?range|price type|budget", text) and Field.PRICE_BAND.value not in asked:
        asked.append(Field.PRICE_BAND.value)
    if not asked:
        return offered(said, low)
    return Clarification(said.turn.original, ",".join(dict.fromkeys(asked)))


def category_name(category: PlaceCategory | None) -> str:
    """Return the topic that a category of places belongs to."""
    return (
        category.value if category in (PlaceCategory.ATTRACTION, PlaceCategory.RESTAURANT) else ""
    )
