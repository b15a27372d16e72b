"""Currencies named with amounts: a bound in dollars decides nothing about prices in yuan."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

# ISO 4217 has it for "no currency": a price of the catalogue that names none.
UNNAMED: Final = "XXX"
# What each way to write a currency can mean, in ISO 4217. "元" and "块" mean whatever is in use.
_DOLLARS: Final = frozenset({"USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD"})
_CODES: Final = tuple(
    (re.compile(words), codes)
    for words, codes in (
        (r"hk\$|hkd|港[币元]", frozenset({"HKD"})),
        (r"us\$|usd|美[元金刀]", frozenset({"USD"})),
        (r"\$|\b(?:dollars?|bucks?)\b|刀", _DOLLARS),
        (r"€|\b(?:euros?|eur)\b|欧元", frozenset({"EUR"})),
        (r"£|\b(?:pounds?|quid|gbp)\b|英镑", frozenset({"GBP"})),
        (r"\b(?:yen|jpy)\b|日[元圆]|円", frozenset({"JPY"})),
        (r"\b(?:yuans?|rmb|cny|kuai)\b|人民币", frozenset({"CNY"})),
        (r"[¥￥]", frozenset({"CNY", "JPY"})),
    )
)


def is_foreign(amount: str, held: Collection[str]) -> bool:
    """Tell whether an amount names a currency in which no price of the catalogue is.

    A catalogue whose prices name no currency (`UNNAMED`) is taken at the guest's word.

    Args:
        amount: The folded words of the amount, its unit included.
        held: ISO 4217 codes of the catalogue's prices; empty where it tells none.
    """
    named = next((codes for words, codes in _CODES if words.search(amount)), None)
    return named is not None and bool(held) and UNNAMED not in held and named.isdisjoint(held)
