"""One turn as the gateway admits it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from services.platform.errors import InvalidArgument

MAX_TEXT_CHARS = 2_000
MAX_UTTERANCE_CHARS = 4_000
MAX_HISTORY = 200
MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 10
_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}")


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance of an explicit history."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the guest says, checked.

    Attributes:
        text: 1 to `MAX_TEXT_CHARS` characters with something visible in them.
        conversation_id: The server's conversation, or "".
        history: What was before, oldest first, when the client keeps it.
        locale: BCP 47 tag, or "".
        page_size: 1 to `MAX_PAGE_SIZE`.
        city: City to assume, or "".
    """

    text: str
    conversation_id: str = ""
    history: tuple[Utterance, ...] = ()
    locale: str = ""
    page_size: int = DEFAULT_PAGE_SIZE
    city: str = ""

    def __post_init__(self) -> None:
        """Refuse what can never be searched.

        Raises:
            InvalidArgument: Naming the field.
        """
        _check_text(self.text)
        if self.conversation_id:
            if not _CONVERSATION_ID.fullmatch(self.conversation_id):
                raise InvalidArgument(
                    "must be 1 to 128 characters of [A-Za-z0-9_-]", field="turn.conversation_id"
                )
            if self.history:
                raise InvalidArgument(
                    "cannot be given together with conversation_id", field="turn.history"
                )
        if len(self.history) > MAX_HISTORY:
            raise InvalidArgument(f"has more than {MAX_HISTORY} turns", field="turn.history")
        for index, utterance in enumerate(self.history):
            if len(utterance.text) > MAX_UTTERANCE_CHARS:
                raise InvalidArgument(
                    f"is longer than {MAX_UTTERANCE_CHARS} characters",
                    field=f"turn.history[{index}].text",
                )
        if self.locale and not _LOCALE.fullmatch(self.locale):
            raise InvalidArgument("is not a BCP 47 tag", field="turn.locale")
        if not 1 <= self.page_size <= MAX_PAGE_SIZE:
            raise InvalidArgument(f"must be 1 to {MAX_PAGE_SIZE}", field="turn.page_size")
        if len(self.city) > 100:
            raise InvalidArgument("is longer than 100 characters", field="turn.city")


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidArgument(f"is longer than {MAX_TEXT_CHARS} characters", field="turn.text")
    if not any(unicodedata.category(character)[0] not in "CZ" for character in text):
        raise InvalidArgument("is empty", field="turn.text")
