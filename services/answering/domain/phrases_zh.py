"""Answers in Chinese, simplified characters; traditional ones are converted from these."""

from __future__ import annotations

from collections.abc import Sequence

from services.answering.domain.phrases import FixedPhrases, decimal
from services.plan.condition import Field, Name, NameMatch, PlaceCategory, Range

_CURRENCIES = {
    "CNY": "元", "USD": "美元", "GBP": "英镑", "EUR": "欧元", "HKD": "港元", "JPY": "日元"
}  # fmt: skip
_FIELDS = {
    Field.PRICE: "价格",
    Field.PRICE_BAND: "价位",
    Field.GUEST_RATING: "评分",
    Field.REVIEW_COUNT: "评价数",
    Field.STAR_RATING: "星级",
    Field.TIER: "档次",
    Field.KIND: "住宿类型",
    Field.BRAND: "品牌",
    Field.ADDRESS: "地址",
    Field.DISTRICT: "所在区",
    Field.CITY: "所在城市",
    Field.PHONE: "电话",
    Field.POSTCODE: "邮编",
    Field.TRANSPORT: "交通",
    Field.ROOM_TYPE: "房型",
    Field.NEARBY: "周边",
    Field.DISTANCE: "距离",
    Field.AVAILABLE: "房态",
    Field.NAME: "名称",
    Field.FACILITY: "设施",
}
_CATEGORIES = {
    PlaceCategory.ATTRACTION: "景点",
    PlaceCategory.RESTAURANT: "餐馆",
    PlaceCategory.STATION: "车站",
    PlaceCategory.AIRPORT: "机场",
}
_NUMBERS = {
    Field.PRICE: ("价格", ""),
    Field.GUEST_RATING: ("评分", "分"),
    Field.STAR_RATING: ("", "星"),
    Field.REVIEW_COUNT: ("评价数", ""),
}


class ChinesePhrases:
    """`Phrases` in simplified Chinese."""

    language = "zh"
    fixed = FixedPhrases(
        greeting="您好，我可以帮您找酒店，请告诉我城市、位置、预算或想要的设施。",
        thanks="不客气，还想找酒店的话随时告诉我。",
        farewell="再见，祝您旅途愉快。",
        acknowledged="好的，还有什么要求请告诉我。",
        not_on_record="记录里没有这一项，请向酒店确认。",
        shown_already="已经看过的酒店",
        cannot_book="我不能代订酒店，请通过您的预订渠道预订。",
        out_of_domain="抱歉，我只能帮您找酒店和回答酒店的问题。",
        injection="抱歉，这个我不能做；找酒店的话，请直接告诉我您的要求。",
        record_unread="抱歉，没有读到您说的那家酒店的记录，请告诉我酒店的名字。",
        try_relaxing="您可以放宽一些条件再试试。",
        ask_again="请再说说您想找什么样的酒店。",
    )

    def sentence(self, name: str, parts: Sequence[str]) -> str:
        """Return one whole sentence about a hotel."""
        return f"{name}：{'，'.join(parts)}。" if parts else f"{name}。"

    def found(self, asked: Sequence[str], total: int | None) -> str:
        """Return the opening sentence."""
        by = f"按{_quoted(asked)}，" if asked else ""
        return f"{by}为您找到以下酒店。" if total is None else f"{by}找到{total}家酒店。"

    def no_match(self, asked: Sequence[str]) -> str:
        """Return the sentence that says that nothing matches."""
        return f"没有找到符合{_quoted(asked)}的酒店。" if asked else "没有找到酒店。"

    def dropping(self, condition: str, count: int) -> str:
        """Return what dropping a condition gives."""
        return f"去掉{_quoted([condition])}，有{count}家酒店符合。"

    def replacing(self, condition: str, replacement: str, count: int) -> str:
        """Return what loosening a condition gives."""
        return f"把{_quoted([condition])}放宽到{_quoted([replacement])}，有{count}家酒店符合。"

    def choices(self, options: Sequence[str]) -> str:
        """Return the answers to choose from."""
        return f"可以选：{'、'.join(options)}。"

    def price(self, amount: float, currency: str) -> str:
        """Return the price per room and night."""
        unit = _CURRENCIES.get(currency, f" {currency}" if currency else "")
        return f"每晚{decimal(amount)}{unit}"

    def guest_rating(self, rating: float) -> str:
        """Return the guest score."""
        return f"评分{decimal(rating)}"

    def review_count(self, count: int) -> str:
        """Return the number of reviews."""
        return f"{count}条评价"

    def star_rating(self, stars: float) -> str:
        """Return the stars."""
        return f"{decimal(stars)}星级"

    def facilities(self, labels: Sequence[str]) -> str:
        """Return the facilities listed."""
        return f"有{'、'.join(labels)}"

    def facility_missing(self, label: str) -> str:
        """Return that a facility is not listed."""
        return f"记录里没有列出{label}"

    def nearby(self, category: PlaceCategory | None, names: Sequence[str], more: bool) -> str:
        """Return what the record lists as near."""
        what = _CATEGORIES.get(category, "") if category else ""
        return f"周边{what}有{'、'.join(names)}{'等' if more else ''}"

    def distance(self, place: str, km: float) -> str:
        """Return how far a place is."""
        blank = " " if place[-1:].isascii() else ""
        return f"距{place}{blank}{km:.1f}公里"

    def extreme(self, field: Field, least: bool) -> str:
        """Return the superlative."""
        return {
            (Field.PRICE, True): "其中最便宜",
            (Field.PRICE, False): "其中最贵",
            (Field.GUEST_RATING, False): "其中评分最高",
            (Field.GUEST_RATING, True): "其中评分最低",
        }.get((field, least), "")

    def available(self, available: bool) -> str:
        """Return whether rooms can be booked."""
        return "目前可以预订" if available else "目前不能预订"

    def value(self, field: Field, value: str) -> str:
        """Return a field with its value."""
        if field in (Field.TIER, Field.KIND):
            return value
        return f"{_FIELDS[field]}{value}" if field in _FIELDS else value

    def missing(self, field: Field, category: str = "") -> str:
        """Return that the record has no value."""
        if field is Field.NEARBY:
            known = {str(key): word for key, word in _CATEGORIES.items()}
            return f"记录里没有列出周边{known.get(category, '景点和餐馆')}"
        if field is Field.AVAILABLE:
            return "没有查到是否有空房"
        return f"没有查到{_FIELDS.get(field, '这一项')}"

    def bounds(self, leaf: Range) -> str:
        """Return the words of a condition on a number."""
        what, unit = _NUMBERS[leaf.field]
        if leaf.min is not None and leaf.max is not None:
            if leaf.min == leaf.max:
                return f"{what}{decimal(leaf.min)}{unit}"
            return f"{what}{decimal(leaf.min)}到{decimal(leaf.max)}{unit}"
        if leaf.max is not None:
            than = "低于" if leaf.max_exclusive else "不超过"
            return f"{what}{than}{decimal(leaf.max)}{unit}"
        than = "高于" if leaf.min_exclusive else "不低于"
        return f"{what}{than}{decimal(leaf.min or 0)}{unit}"

    def name_condition(self, leaf: Name) -> str:
        """Return the words of a condition on the name."""
        return leaf.value if leaf.match is NameMatch.EXACT else f"名字含{leaf.value}"

    def near_condition(self, place: str, radius_km: float | None) -> str:
        """Return the words of nearness."""
        return f"{place}附近" if radius_km is None else f"{place}{decimal(radius_km)}公里内"

    def negated(self, words: str) -> str:
        """Return the words of a NOT."""
        return f"不要{words}"

    def joined(self, words: Sequence[str], *, every: bool) -> str:
        """Return the words of an AND or OR."""
        return ("且" if every else "或").join(words)


def _quoted(words: Sequence[str]) -> str:
    return "".join(f"“{word}”" for word in words)
