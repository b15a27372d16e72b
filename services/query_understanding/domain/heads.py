"""The heads of a turn: which nouns and verbs in it say what is wanted, and of what."""

from __future__ import annotations

import re
from bisect import bisect_left

from services.plan.condition import Field, Near
from services.query_understanding.domain.asked_facts import CHECK, FACTS, NEAR_FACTS
from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.near_phrases import Anchor, Head, NearPhrase
from services.query_understanding.domain.of_shown import picks_of_shown
from services.query_understanding.domain.places import PlaceReadings
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.request_heads import requests
from services.query_understanding.domain.request_heads_en import english_requests
from services.query_understanding.domain.state import DialogueState
from services.vocabulary import NEAR_METRO

_ROUTE = re.compile(
    r"从.{1,40}?(?:到|去|至|前往).{1,30}|\bfrom .{2,60}? to \b|\b(?:taxi|train|cab|bus|ride|car)\b[^.?!]{0,60}\b(?:to|from|between)\b"
    r"|\b(?:arrive|leave|leaving|depart(?:ing)?|pick(?:ed)? (?:me|us)? ?up|get (?:me )?there)\b.{0,40}(?:\d:\d\d|\d ?[ap]m|by|after)"
)
_PICK_UPS = frozenset({"station_pickup", "airport_pickup"})
_RIDE = re.compile(r"出租|打车|打的|\b(?:taxis?|cabs?|uber)\b")
# "打车10分钟以内" says how far.
_MINUTES_ZH = r"[^,，。]{0,4}?(?:[\d一二两三四五六七八九十]+来?(?:分钟|个?小时)|半个?小时)"
STRONG_TRANSPORT = re.compile(
    rf"出租|打[车的](?!{_MINUTES_ZH})|叫车|叫个车|叫辆|车牌|车型|地铁(?:去|到)|(?:坐|乘)(?:地铁|车|公交)|换乘|倒几趟|机票|火车票|高铁票|订票|"
    r"(?<!with )(?<!minutes by )(?<!min by )(?<!hour by )(?<!hours by )(?<!minutes in a )\b(?:taxis?|cabs?|(?<!from the )(?<!near the )(?<!near a )(?<!of the )trains?|uber|bus(?:es)?|car type|travel time|train id|flights? from)\b"
)
_OTHER_ONLY = re.compile(
    r"(?<!预算)人均(?!预算)|推荐菜|招牌菜|特色菜|门票|票价|游玩时(?:间|长)|营业时间|开放时间|per[- ]person|entrance fee|admission|recommended dish|opening hours|business hours|duration"
)
_ASKS_NEAR = re.compile(
    r"(?:周边|附近|周围|就近|旁边|不远处)(?:都|还|也|的|会|,)*(?:有|哪些|什么|啥|餐馆|景点|好玩|好吃)|有(?:什么|哪些|啥|没有)[^,。]{0,10}(?:餐馆|景点|吃|玩)|"
    r"\b(?:what|any|which|are there|is there)\b[^.?!]{0,60}\b(?:around|near|nearby|close)\b"
)
_SEEKS_OTHER = re.compile(
    r"(?:找|推荐|选|订)(?:一|个|家|几|点)?[^,。]{0,60}(?:餐馆|餐厅|景点|饭馆|小吃|地方(?:玩|吃|溜达|逛))|(?:周边|附近)的?(?:餐馆|景点)(?:里|中|当中)|想(?:去)?吃|票价|人均|推荐菜|消费|"
    r"\b(?:find|looking for|recommend|need|want|book|like)\b[^.?!]{0,50}\b(?:restaurants?|attractions?|museums?|place to (?:eat|dine|go)|places to (?:eat|go))\b"
)
_HOTEL_REQUEST = re.compile(
    r"(?:找|推荐|订|预订|预定|安排|介绍|选|换|来|要|住|去|有)(?:[^,，。！？]{0,40})(?:酒店|宾馆|旅馆|住处|住宿|住的地方|地方住|饭店|落脚|店住|房间)|"
    r"的(?:酒店|宾馆|旅馆|住处)|(?:酒店|宾馆|住宿|住处)[^,，。]{0,20}(?:推荐|求|有什么好|有吗|有没有合适)|"
    r"\b(?:hotels?|place to stay|places to stay|accommodations?|guest ?houses?|guesthouses?|lodging|room|somewhere to stay|stay)\b"
)


# A hotel already settled: "定好酒店以后", "住的地方解决了".
_SETTLED_WORDS = (
    r"(?:住下|住宿)[^,，。]{0,10}?(?:之后|以后|后|了)|酒店[^,，。]{0,6}(?:找完|找好|看好)|(?:住的|住处)(?:都|也|就)?(?:找好|找到|有)了?|"
    r"(?:定好|订好|安排好?完?了?|选好|定了|订了|解决|搞定)[^,，。]{0,10}?(?:酒店|住处|住宿|住的地方|住)?(?:之后|以后|后|了|,)|(?:酒店|住宿|住处|住的地方)(?:问题)?(?:就|都|已经|也)?(?:定|订|安排|解决|搞定)[^,，。]{0,4}(?:好|了|完)|吃喝住|住下(?:之后|以后|后)|"
    r"(?:day|price range|area|part of town|number of people|people|group|party|time) as (?:my|our|the) (?:hotel|stay|guest ?house)[^.?!]{0,12}|my (?:trip|trip and) (?:and )?stay|enjoy your stay"
)


# "After a meal", "once we have seen the sights": when, not what.
_ASIDE = re.compile(r"\b(?:after|before|when|while|once|since|during)\b[^,.?!;]*")
# "Near a park", "close to good restaurants": where a house is to be.
_NEAR_ANY = re.compile(
    r"\b(?:near|close to|next to|beside|opposite)"
    r"(?: (?:an?|any|some|good|nice|lots of|plenty of|many|shops and))+ $"
)
_NEAR_ANY_REACH = 40
# "I don't need the room booked any more", "do they have room for six": no house is asked for.
_DECLINED_WORDS = (
    r"(?:do(?:es)? ?n[o']t|don't|do not|no longer|won't) need (?:an?|the|any|to)? ?"
    r"(?:reservation|booking|room|book|hotel booked)[^.?!,]{0,30}"
)
_NOT_ASKED = rf"{_DECLINED_WORDS}|\bha(?:ve|s) (?:any |enough )?room\b"
_DECLINED = re.compile(_DECLINED_WORDS)
_SETTLED = re.compile(f"{_SETTLED_WORDS}|{_NOT_ASKED}")
# Said of sights and meals: "I'd like to stay in the centre".
_KEEP_TO = re.compile(
    r"\bstay(?:ing)? (?:in|within|around|on) (?:the |that |this )?(?:same |town |city )?"
    r"(?:area|part|side|cent(?:re|er)|north|south|east|west|city)\b"
)
# The hotel is what something else is to be like.
_AS_THE_HOTEL = re.compile(
    r"\bsame [a-z ]{2,40}\bas (?:the|my|our|that|this) (?:hotel|guest ?house|lodge|room)\b"
)


# "Is it two stars? I want it to be": what is wanted is no question.
_WANTS_IT_SO = re.compile(
    r"\b(?:want|need|like|prefer)s? it\b|\b(?:it|they|this|that) (?:also |really |just )?(?:needs?|has|have|should|must|ought)(?: to)? (?:also )?(?:be|have)\b"
)


def asked_aside(state: DialogueState) -> bool:
    """Tell whether hotels near a place were only asked after while the talk was of the place.

    "那周边有酒店吗" gave a list of which none was taken up: "电话多少" still means the place's.
    """
    last = state.plan
    return (
        last is not None
        and isinstance(last.condition, Near)
        and not state.focus_hotel_id
        and len(state.shown) > 1
        and bool(state.focus_places)
    )


class Heads:
    """What the words are after, told from their cues."""

    def __init__(self, said: Recognised, places: PlaceReadings, state: DialogueState) -> None:
        text = said.turn.text
        settled = [m.span() for m in _SETTLED.finditer(text)]
        requested = (*requests(said), *english_requests(said))
        self.requests_hotel = any(request.head is Head.HOTEL for request in requested)
        if state.topic in ("attraction", "restaurant") or (requested and not self.requests_hotel):
            settled += [m.span() for m in _KEEP_TO.finditer(text)]
        # "guesthouse" is a condition and a head at once.
        kinds = [Cue(a.start, a.end, "hotel_word") for a in said.houses()]
        self.hotel_words = [
            c for c in (*said.of("hotel_word"), *kinds)
            if not _in_route(text, c) and not any(s <= c.start < e for s, e in settled)
        ]  # fmt: skip
        compared = _AS_THE_HOTEL.search(text) is not None and not self.hotel_words
        aside = [m.span() for m in _ASIDE.finditer(text)] if said.turn.language == "en" else []

        def of_turn(*names: str) -> list[Cue]:
            return [
                c for c in said.of(*names)
                if not any(s <= c.start < e for s, e in aside) and not _is_near_any(text, c)
            ]  # fmt: skip

        food = of_turn("other_food", "place_word_restaurant", "fact_near_restaurant")
        sight = of_turn("other_sight", "place_word_attraction", "fact_near_attraction")
        self.anaphor_hotel = said.has("anaphor_hotel") and (
            state.topic == "hotel" or any("酒店" in text[c.start : c.end] or "hotel" in text[c.start : c.end] or "house" in text[c.start : c.end]
                or "宾馆" in text[c.start : c.end] for c in said.of("anaphor_hotel"))
        )  # fmt: skip
        # "还是刚才那家": back to the hotel, whatever came up since.
        if said.has("anaphor_back") and state.topic != "restaurant" and state.hotel_in_focus():
            self.anaphor_hotel = True
        self.anaphor_other = said.has("anaphor_attraction", "anaphor_restaurant")
        self.anaphor = said.has("anaphor_hotel")
        ordinal = bool(said.ordinals())
        self.topic_other = state.topic in ("attraction", "restaurant", "transport")
        implied = any(a.field is Field.FACILITY for a in said.atoms)
        # "We arrive at 2am, need an airport transfer": what a house has, a journey has not.
        strong = STRONG_TRANSPORT.search(text) is not None
        has = {a.value for a in said.atoms if a.field is Field.FACILITY} - {NEAR_METRO}
        at_house = bool(has) and (not strong or (has <= _PICK_UPS and not _RIDE.search(text)))
        # "I don't need the room booked any more" takes back no condition.
        self.declines = _DECLINED.search(text) is not None
        self.transport = (
            (strong and not implied)
            or bool(
                _ROUTE.search(text)
                and ((said.has("other_transport") and not at_house) or state.topic == "transport")
            )
            or compared
            or (state.topic == "transport" and said.has("other_transport") and not self.hotel_words)
        )
        self.other_fact = bool(_OTHER_ONLY.search(text))
        near = said.of("near_after", "near_before")
        named_other = bool(places.named) and not said.hotels
        after = max((c.end for c in near), default=-1)
        chinese = not text.isascii()
        # In Chinese what is near follows "附近"; in English it comes before "near".
        near_words = self.hotel_words and (
            any(c.start >= n.start and c.start - n.end < 25 for c in self.hotel_words for n in near)
            or not chinese
        )
        self.other_words = [*food, *sight]
        other_after = [c for c in self.other_words if not near or c.start >= after or not chinese]
        self.other_head = bool(self.other_words) or self.other_fact
        request = bool(_HOTEL_REQUEST.search(text)) and bool(self.hotel_words)
        self.hotel_request = request and said.has("new_request", "request")
        hotel_facilities = [
            a
            for a in said.atoms
            if a.field in (Field.FACILITY, Field.TIER, Field.KIND, Field.STAR_RATING)
        ]
        self.hotel_head = bool(self.hotel_words) or bool(hotel_facilities and not self.topic_other)
        self.wants_hotel_strongly = (
            self.hotel_request and bool(said.atoms or near) and not _ROUTE.search(text)
        )
        anchor_hotel = (
            bool(said.hotels)
            or self.anaphor_hotel
            or bool(
                state.topic == "hotel"
                and not named_other
                and not self.anaphor_other
                and state.hotel_in_focus()
            )
        )
        if (
            re.search(r"(?:酒店|宾馆|hotel|guesthouse)(?:的)?(?:周边|附近|周围|旁边)", text)
            and not self.anaphor_other
        ):
            anchor_hotel = anchor_hotel or not named_other
        self.anchor_is_hotel = anchor_hotel
        other_anchor = (
            bool(places.near)
            or self.anaphor_other
            or named_other
            or (not said.hotels and bool(state.focus_places) and not self.anaphor_hotel)
        )
        self.near_hotel = (
            bool(near)
            and bool(near_words)
            and (other_anchor or not anchor_hotel)
            and not (self.anaphor_hotel and not other_anchor)
        )
        self.near_other = (
            bool(near)
            and bool(other_after)
            and not self.near_hotel
            and not (self.hotel_request and said.atoms)
        )
        asks_near = bool(_ASKS_NEAR.search(text)) and bool(near)
        seeking = bool(_SEEKS_OTHER.search(text)) or (self.other_fact and not asks_near)
        restaurant_like = seeking
        self.seeks_other = (
            self.other_head
            and (restaurant_like or not near)
            and bool(self.other_words or self.other_fact)
        )
        if places.phrases:
            self._read_phrases(said, places, state)
        # "这家酒店周边有哪些餐馆？到时还要找个餐馆吃饭" asks for no restaurant by its conditions.
        beside = self.near_other and self.anchor_is_hotel and not self.seeks_other
        conditional = any(
            said.within(r.start, r.end, "field_price", "field_rating", "other_fact")
            or any(r.start <= atom.start < r.end for atom in said.atoms)
            for r in requested
        )
        self.requests_other = (
            bool(requested) and not self.requests_hotel and not self.near_hotel
            and (conditional or not beside)
        )  # fmt: skip
        if self.requests_hotel:
            self.near_other = self.seeks_other = False
        self.fact_words = said.has(*FACTS, *NEAR_FACTS) or bool(CHECK.search(text) and said.atoms)
        refine = said.has("refine") and re.search(
            r"哪|这些|这两|这几|其中|里面|which|these|those|any of", text
        )
        one_hotel = (
            bool(state.focus_hotel_id) or len(state.shown) == 1 or ordinal or bool(said.hotels)
        )
        self.picks = picks_of_shown(said)
        self.checks_hotel = (
            bool(said.atoms) and bool(CHECK.search(text)) and not self.hotel_request_for_new(said, text)
            and not refine and one_hotel and not _WANTS_IT_SO.search(text)
            and not (_SOME_WITH.search(text) and not (self.anaphor_hotel or said.hotels))
            and all(a.field in (Field.FACILITY, Field.TIER, Field.KIND, Field.STAR_RATING, Field.PRICE_BAND) for a in said.atoms)
            and (self.anaphor_hotel or said.hotels or ordinal or state.topic == "hotel")
        )  # fmt: skip
        content = (
            said.atoms
            or said.bands
            or self.hotel_words
            or self.other_head
            or said.hotels
            or places.named
            or near
            or said.counts
            or ordinal
        )
        talk = said.has("thanks", "bye", "greet", "smalltalk")
        self.nothing_but_talk = (
            bool(talk)
            and not content
            and not (said.has(*FACTS) and said.has("ask"))
            and not said.has("waive", "cheaper", "other_than_shown", "resume")
            and (self.declines or not said.has("drop"))
        )
        if (
            talk
            and said.has("thanks", "bye")
            and not (said.atoms or said.hotels or places.near)
            and not _asks(text, said)
        ):
            self.nothing_but_talk = True
        if said.has("thanks", "bye") and not places.near and only_praise(said):
            self.nothing_but_talk = True

    def _read_phrases(self, said: Recognised, places: PlaceReadings, state: DialogueState) -> None:
        """In Chinese the order of the words says what is asked for near what."""
        of_hotel = state.topic == "hotel" and not asked_aside(state) and not self.anaphor_other

        def at_hotel(phrase: NearPhrase) -> bool:
            if phrase.anchor in (Anchor.PRONOUN, Anchor.UNSAID):
                return (of_hotel or bool(said.hotels)) and not places.named and not phrase.noun
            return phrase.anchor is Anchor.HOTEL

        for_hotels = [p for p in places.phrases if Head.HOTEL in p.heads]
        for_others = [p for p in places.phrases if p.heads and Head.HOTEL not in p.heads]
        self.near_hotel = any(not at_hotel(p) for p in for_hotels)
        self.near_other = bool(for_others) and not self.near_hotel
        if for_others:
            self.anchor_is_hotel = all(at_hotel(p) for p in for_others)
            self.seeks_other = any(p.seeks for p in for_others)

    @staticmethod
    def hotel_request_for_new(said: Recognised, text: str) -> bool:
        """Tell whether the words ask for a hotel not yet found."""
        return bool(
            re.search(r"(?:找|推荐|订|预定|预订|介绍|换)[^,，。！？]{0,30}(?:酒店|宾馆|家|个|间)|的(?:酒店|宾馆)(?!设施|服务|的|周边|附近|价格|评分|地址|电话)", text)
            or re.search(r"\b(?:find|looking for|recommend|need|want|book|search|searching|try|suggest|prefer)\b(?: for)? (?:me )?(?:a|an|another|one|some|the|moderate\w*|cheap|expensive)\b|\b(?:hotels?|guest ?houses?|places?|ones?|room|something|anything|somewhere) (?:with|that|which|in|near|offering|providing)\b", text)
        )  # fmt: skip


def _is_near_any(text: str, cue: Cue) -> bool:
    return _NEAR_ANY.search(text, max(0, cue.start - _NEAR_ANY_REACH), cue.start) is not None


# "有没有带早餐的": houses that have it are asked for.
_SOME_WITH = re.compile(
    r"有(?:没有)?[^,，。?？!]{2,}的(?:[呢吗么?？!。]|$)|[^,，。?？!]{2,}的(?:还|也|都)?(?:有吗|有没有|有么|有不|有木有)"
)
_THANKS = re.compile(r"(?:谢|感谢|多谢|辛苦|拜拜|再见)[^,，。！!?？;；]*")
_WANTS = re.compile(
    r"找|推荐|要|想|帮|查|告诉|有没有|换|最好|必须|得有|再|求|给我|来[一个家]|吗|么|什么|啥|哪|多少|几|[?？]"
)
_CONTENT = ("hotel_word", "near_after", "near_before", "place_word_attraction", "other_food")
_PRAISE = re.compile(r"真|这么多|太|挺|非常|特别|好[多的]|不错|满意")


def only_praise(said: Recognised) -> bool:
    """Tell whether Chinese thanks stand beside praise alone: "真是个实惠的酒店呢，谢谢你啊"."""
    text = said.turn.text
    if text.isascii():
        return False
    starts = [item.start for item in said.atoms] + [place.start for place in said.places]
    starts += [hotel.start for hotel in said.hotels] + [c.start for c in said.of(*_CONTENT)]
    starts.sort()
    start = 0
    for clause in re.split(r"(?<=[,，。！!;；~])", _THANKS.sub(lambda m: "谢" * len(m[0]), text)):
        end = start + len(clause)
        says = bisect_left(starts, start) < bisect_left(starts, end)
        if _WANTS.search(clause) or (says and not _PRAISE.search(clause)):
            return False
        start = end
    return True


def _asks(text: str, said: Recognised) -> bool:
    return bool(
        re.search(r"多少|吗|什么|哪|推荐|帮我|查|告诉|发给|给我|把|[?？]|找|\b(?:what|which|where|how|need|looking|find|can|could|would|book|want|recommend)\b", text)
        and (said.has("hotel_word", "other_food", "other_sight", "other_transport", *FACTS))
    )  # fmt: skip


def _in_route(text: str, cue: Cue) -> bool:
    return bool(
        re.search(
            r"(?:leave|from|to|at|between|same area as|near) (?:the|my|our) $",
            text[max(0, cue.start - 24) : cue.start],
        )
    )
