"""Answers in English."""

from __future__ import annotations

from collections.abc import Sequence

from services.answering.domain.phrases import FixedPhrases, decimal
from services.plan.condition import Field, Name, NameMatch, PlaceCategory, Range

_FIELDS = {
    Field.PRICE: "price",
    Field.PRICE_BAND: "price range",
    Field.GUEST_RATING: "rating",
    Field.REVIEW_COUNT: "number of reviews",
    Field.STAR_RATING: "stars",
    Field.TIER: "class",
    Field.KIND: "kind of house",
    Field.BRAND: "brand",
    Field.ADDRESS: "address",
    Field.DISTRICT: "district",
    Field.CITY: "city",
    Field.PHONE: "phone number",
    Field.POSTCODE: "postcode",
    Field.TRANSPORT: "transport",
    Field.ROOM_TYPE: "room types",
    Field.NEARBY: "places nearby",
    Field.DISTANCE: "distance",
    Field.AVAILABLE: "availability",
    Field.NAME: "name",
    Field.FACILITY: "facilities",
}
_CATEGORIES = {
    PlaceCategory.ATTRACTION: "attractions",
    PlaceCategory.RESTAURANT: "restaurants",
    PlaceCategory.STATION: "stations",
    PlaceCategory.AIRPORT: "airports",
}
_NUMBERS = {
    Field.PRICE: "price",
    Field.GUEST_RATING: "rating",
    Field.STAR_RATING: "stars",
    Field.REVIEW_COUNT: "number of reviews",
}


class EnglishPhrases:
    """`Phrases` in English."""

    language = "en"
    fixed = FixedPhrases(
        greeting="Hello, I can help you find a hotel; tell me the city, the area, your budget or"
        " the facilities you need.",
        thanks="You are welcome; tell me whenever you need a hotel.",
        farewell="Goodbye, and have a good trip.",
        acknowledged="All right, tell me what else you would like.",
        not_on_record="The records do not say; please ask the hotel.",
        shown_already="hotels already shown",
        cannot_book="I cannot book hotels; please book through your usual channel.",
        out_of_domain="Sorry, I can only help with finding hotels and questions about them.",
        injection="Sorry, I cannot do that; if you are looking for a hotel, just tell me what you"
        " need.",
        record_unread="Sorry, the record of that hotel could not be read; please tell me its name.",
        try_relaxing="You could relax a condition and search again.",
        ask_again="Please tell me what kind of hotel you are looking for.",
    )

    def sentence(self, name: str, parts: Sequence[str]) -> str:
        """Return one whole sentence about a hotel."""
        return f"{name}: {', '.join(parts)}." if parts else f"{name}."

    def found(self, asked: Sequence[str], total: int | None) -> str:
        """Return the opening sentence."""
        by = f"For {_quoted(asked)}, " if asked else ""
        if total is None:
            said = "these hotels were found."
        else:
            said = f"{total} {'hotel was' if total == 1 else 'hotels were'} found."
        return f"{by}{said}" if by else said[0].upper() + said[1:]

    def no_match(self, asked: Sequence[str]) -> str:
        """Return the sentence that says that nothing matches."""
        return f"No hotel matches {_quoted(asked)}." if asked else "No hotel was found."

    def dropping(self, condition: str, count: int) -> str:
        """Return what dropping a condition gives."""
        return f"Without {_quoted([condition])}, {_match(count)}."

    def replacing(self, condition: str, replacement: str, count: int) -> str:
        """Return what loosening a condition gives."""
        return f"With {_quoted([replacement])} instead of {_quoted([condition])}, {_match(count)}."

    def choices(self, options: Sequence[str]) -> str:
        """Return the answers to choose from."""
        return f"You can choose: {', '.join(options)}."

    def price(self, amount: float, currency: str) -> str:
        """Return the price per room and night."""
        return f"{decimal(amount)}{' ' + currency if currency else ''} per night"

    def guest_rating(self, rating: float) -> str:
        """Return the guest score."""
        return f"rated {decimal(rating)} out of 5"

    def review_count(self, count: int) -> str:
        """Return the number of reviews."""
        return f"{count} review{'' if count == 1 else 's'}"

    def star_rating(self, stars: float) -> str:
        """Return the stars."""
        return f"{decimal(stars)} star{'' if stars == 1 else 's'}"

    def facilities(self, labels: Sequence[str]) -> str:
        """Return the facilities listed."""
        return f"with {_list(labels)}"

    def facility_missing(self, label: str) -> str:
        """Return that a facility is not listed."""
        return f"{label} is not listed"

    def nearby(self, category: PlaceCategory | None, names: Sequence[str], more: bool) -> str:
        """Return what the record lists as near."""
        what = _CATEGORIES.get(category, "places") if category else "places"
        return f"{what} nearby include {_list(names)}" if more else f"nearby {what}: {_list(names)}"

    def distance(self, place: str, km: float) -> str:
        """Return how far a place is."""
        return f"{km:.1f} km from {place}"

    def extreme(self, field: Field, least: bool) -> str:
        """Return the superlative."""
        return {
            (Field.PRICE, True): "the cheapest of these",
            (Field.PRICE, False): "the most expensive of these",
            (Field.GUEST_RATING, False): "the best rated of these",
            (Field.GUEST_RATING, True): "the worst rated of these",
        }.get((field, least), "")

    def available(self, available: bool) -> str:
        """Return whether rooms can be booked."""
        return "rooms can be booked" if available else "rooms cannot be booked"

    def value(self, field: Field, value: str) -> str:
        """Return a field with its value."""
        if field is Field.TIER:
            return f"{value} class"
        if field is Field.KIND:
            return value
        return f"{_FIELDS[field]} {value}" if field in _FIELDS else value

    def missing(self, field: Field, category: str = "") -> str:
        """Return that the record has no value."""
        if field is Field.NEARBY:
            known = {str(key): word for key, word in _CATEGORIES.items()}
            return f"no nearby {known.get(category, 'attractions or restaurants')} on record"
        return f"no {_FIELDS.get(field, 'such information')} on record"

    def bounds(self, leaf: Range) -> str:
        """Return the words of a condition on a number."""
        what = _NUMBERS[leaf.field]
        if leaf.min is not None and leaf.max is not None:
            if leaf.min == leaf.max:
                return f"{what} {decimal(leaf.min)}"
            return f"{what} {decimal(leaf.min)} to {decimal(leaf.max)}"
        if leaf.max is not None:
            return f"{what} {'below' if leaf.max_exclusive else 'at most'} {decimal(leaf.max)}"
        return f"{what} {'above' if leaf.min_exclusive else 'at least'} {decimal(leaf.min or 0)}"

    def name_condition(self, leaf: Name) -> str:
        """Return the words of a condition on the name."""
        return leaf.value if leaf.match is NameMatch.EXACT else f"name with {leaf.value}"

    def near_condition(self, place: str, radius_km: float | None) -> str:
        """Return the words of nearness."""
        if radius_km is None:
            return f"near {place}"
        return f"within {decimal(radius_km)} km of {place}"

    def negated(self, words: str) -> str:
        """Return the words of a NOT."""
        return f"not {words}"

    def joined(self, words: Sequence[str], *, every: bool) -> str:
        """Return the words of an AND or OR."""
        return (" and " if every else " or ").join(words)


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _match(count: int) -> str:
    return "1 hotel matches" if count == 1 else f"{count} hotels match"


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
