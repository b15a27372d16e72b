"""Recall between the contract and the domain."""

from __future__ import annotations

from concierge.plan.v1 import plan_pb2
from concierge.recall.v1 import candidate_pb2

from services.plan.query_plan import Outcome, QueryPlan
from services.plan.wire import plan_from_pb
from services.platform.errors import ConciergeError, InvalidArgument
from services.recall.recalled import Recalled

MAX_CANDIDATES = 500
DEFAULT_CANDIDATES = 100


def searchable_plan(message: plan_pb2.QueryPlan) -> QueryPlan:
    """Read a plan that is a search.

    Raises:
        InvalidArgument: The plan is malformed or is no search; it is never run unfiltered.
    """
    plan = plan_from_pb(message)
    if plan.outcome is not Outcome.SEARCH:
        raise InvalidArgument("is not SEARCH", field="plan.outcome")
    return plan


def limit_of(page_size: int) -> int:
    """Read how many candidates are wanted.

    Raises:
        InvalidArgument: Outside 0 to `MAX_CANDIDATES`.
    """
    if not 0 <= page_size <= MAX_CANDIDATES:
        raise InvalidArgument(f"must be 0 to {MAX_CANDIDATES}", field="page_size")
    return page_size or DEFAULT_CANDIDATES


def stage_result(
    stage: candidate_pb2.RecallStage.ValueType,
    recalled: Recalled,
    *,
    index_version: str,
    into: candidate_pb2.StageResult | None = None,
) -> candidate_pb2.StageResult:
    """Return what a stage found, written into an empty message of a larger one where given.

    Fifty records are worth that: protobuf copies a message that is set.
    """
    result = candidate_pb2.StageResult() if into is None else into
    result.stage = stage
    if recalled.match_count is not None:
        result.match_count = recalled.match_count
    result.index_version = index_version
    result.method = recalled.method
    for index, count in enumerate(recalled.leave_one_out):
        result.leave_one_out.add(condition_index=index, match_count=count)
    for rank, found in enumerate(recalled.candidates, start=1):
        candidate = result.candidates.add()
        candidate.hotel_id, candidate.rank, candidate.score = found.hotel_id, rank, found.score
        candidate.hotel.ParseFromString(found.record)
    return result


def failed_stage(
    stage: candidate_pb2.RecallStage.ValueType, error: ConciergeError
) -> candidate_pb2.StageResult:
    """Return the result of a stage that failed, so that nobody waits for it."""
    return candidate_pb2.StageResult(
        stage=stage, failure_reason=error.reason, failure_message=error.message
    )
