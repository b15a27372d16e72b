"""What a recall stage finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate: id, the stage's score (higher is better), the serialised `Hotel`."""

    hotel_id: str
    score: float
    record: bytes


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a search found.

    Attributes:
        candidates: Best first; in the plan's order when the plan has one.
        match_count: Hotels that satisfy the condition and are not closed; `None`: not counted.
        method: How the engine answered, for Explain.
        leave_one_out: For an empty result: matches without each top-level condition, in order.
    """

    candidates: tuple[Found, ...]
    match_count: int | None
    method: str
    leave_one_out: tuple[int, ...] = ()
