"""How hotel names are folded before they are compared."""

from __future__ import annotations

import unicodedata


def fold_name(name: str) -> str:
    """Return the name in NFKC, case-folded, without blanks: what name leaves compare."""
    if name.isascii():
        return "".join(name.lower().split())
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
