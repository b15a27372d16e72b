"""What a deployment needs in its backends before services start, checked and made by command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between what is wanted and what is there.

    Attributes:
        subject: What differs: a topic, an index template, a collection.
        aspect: In which respect.
        wanted: What should be.
        found: What is.
    """

    subject: str
    aspect: str
    wanted: str
    found: str


class Resource(Protocol):
    """Something in a backend that is declared in this repository. Calls block."""

    name: str

    def check(self) -> Sequence[Drift]:
        """Return how the backend differs from what is declared, changing nothing.

        Raises:
            Unavailable: The backend is away.
        """
        ...

    def apply(self) -> None:
        """Make the backend as declared, as far as that loses no data; repeatable.

        Raises:
            Unavailable: The backend is away.
        """
        ...
