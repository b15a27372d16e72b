"""What an English request is for: its head noun, the first after its article."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from services.query_understanding.domain.near_phrases import HEADS, Head
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.request_heads import Request

_REQUEST: Final = re.compile(
    r"\b(?:find|recommend|suggest|looking for|look for|search(?:ing)? for|book|choose|need|want|like"
    r"|reserve|give me|show me|help (?:me|us) with)\b"
    r"(?: (?:me|us|to|for|find|book|have|look|stay|live|check|in|at|go|choose|help))*"
    r"(?: (?:a|an|any|some|one|another|the|other|good|nice))+"
)
# "somewhere yummy to eat": what is to be done there says what it is.
_SOMEWHERE: Final = re.compile(
    r"\b(?:somewhere|someplace|some ?place|a (?:[a-z]+ )?place|any ?place)(?: [a-z]+){0,2}? to (?P<do>[a-z]+)"
)
_DONE_THERE: Final = {
    "eat": Head.RESTAURANT, "dine": Head.RESTAURANT,
    "go": Head.ATTRACTION, "visit": Head.ATTRACTION, "see": Head.ATTRACTION,
    "stay": Head.HOTEL, "sleep": Head.HOTEL,
}  # fmt: skip
# A restaurant that is looked for itself is no facility: "find a chinese restaurant near the hotel".
_LOOKS: Final = re.compile(r"\b(?:find|recommend|suggest|look|search|book|reserve|show)")
_RESTAURANTS: Final = frozenset(["chinese_restaurant", "western_restaurant", "restaurant"])
# Before the noun these say where and with what, not what.
_ASIDE: Final = re.compile(r"\b(?:near|around|at|in|to|with|that|which|for|where|and|by|from|of)\b")
_STOP: Final = re.compile(r"[.?!;](?= |$)")
_MOST_TO_HEAD: Final = 48
_MOST_REQUESTS: Final = 16


def english_requests(said: Recognised) -> tuple[Request, ...]:
    """Return the requests of an English utterance whose head is said, in order."""
    text = said.turn.text
    if said.turn.language != "en":
        return ()
    found: list[Request] = []
    for request in list(_REQUEST.finditer(text))[:_MOST_REQUESTS]:
        end = min(len(text), request.end() + _MOST_TO_HEAD)
        nouns = [(c.start, HEADS[c.name]) for c in said.within(request.end(), end, *HEADS)]
        nouns += [
            (a.start, Head.HOTEL) for a in said.houses() if request.end() <= a.start < end
        ]  # fmt: skip
        if _LOOKS.match(text, request.start()):
            nouns += [
                (a.start, Head.RESTAURANT) for a in said.atoms
                if a.value in _RESTAURANTS and request.end() <= a.start < end
            ]  # fmt: skip
        if not nouns:
            continue
        at, head = min(nouns)
        between = text[request.end() : at]
        if not _ASIDE.search(between) and not re.search(r"[.?!,;]", between):
            stop = _STOP.search(text, at)
            found.append(Request(request.start(), stop.start() if stop else len(text), head))
    for place in islice(_SOMEWHERE.finditer(text), _MOST_REQUESTS):
        doing = _DONE_THERE.get(place["do"])
        if doing is not None:
            stop = _STOP.search(text, place.end())
            found.append(Request(place.start(), stop.start() if stop else len(text), doing))
    found.sort(key=lambda request: request.start)
    return tuple(found)
