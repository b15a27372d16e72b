"""Ingestion between the contract and the domain."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path

from concierge.catalog.v1 import hotel_pb2
from concierge.ingestion.v1 import ingestion_pb2 as pb

from services.ingestion.domain.job import Job, RefusedRow
from services.ingestion.ports import Facts
from services.platform.errors import InvalidArgument

MAX_PAGE = 1_000
MAX_MAPPING_CHARS = 200_000
MAX_CHANGES = 1_000
MAX_HOTEL_ID_CHARS = 128
MAX_PRICE = 10_000_000
# How far the clock of a source may be ahead of ours.
CLOCK_SKEW_S = 300
_CURRENCY = re.compile("[A-Z]{3}")


def submit_command(request: pb.SubmitJobRequest) -> tuple[Path, str, Path, str]:
    """Read path, mapping, the folder its paths start from, request id.

    Raises:
        InvalidArgument: Naming the field.
    """
    if not request.path or "\0" in request.path:
        raise InvalidArgument("is empty or malformed", field="path")
    if "\0" in request.mapping_base_path:
        raise InvalidArgument("is malformed", field="mapping_base_path")
    if len(request.mapping_yaml) > MAX_MAPPING_CHARS:
        raise InvalidArgument(
            f"is longer than {MAX_MAPPING_CHARS} characters", field="mapping_yaml"
        )
    if len(request.request_id) > 128:
        raise InvalidArgument("is longer than 128 characters", field="request_id")
    path = Path(request.path)
    base = Path(request.mapping_base_path) if request.mapping_base_path else path.parent
    return path, request.mapping_yaml, base, request.request_id


def removed_hotels(request: pb.RemoveHotelsRequest) -> list[str]:
    """Read the hotels to remove.

    Raises:
        InvalidArgument: Naming the field.
    """
    _check_count(request.hotel_ids, "hotel_ids")
    for index, id in enumerate(request.hotel_ids):
        _check_hotel_id(id, f"hotel_ids[{index}]")
    return list(request.hotel_ids)


def changed_facts(request: pb.ChangeFactsRequest, *, now_s: float) -> list[Facts]:
    """Read changes of facts; `now_s` in Unix seconds.

    Raises:
        InvalidArgument: Naming the field.
    """
    _check_count(request.changes, "changes")
    for index, change in enumerate(request.changes):
        _check_change(change, f"changes[{index}]", now_s)
    return list(request.changes)


def _check_change(change: Facts, at: str, now_s: float) -> None:
    _check_hotel_id(change.hotel_id, f"{at}.hotel_id")
    if not change.HasField("changed_at"):
        raise InvalidArgument("is required", field=f"{at}.changed_at")
    if not 0 < change.changed_at.seconds <= now_s + CLOCK_SKEW_S:
        raise InvalidArgument("lies in the future or before 1970", field=f"{at}.changed_at")
    known = hotel_pb2.OperatingStatus.values()
    if change.operating_status not in known:
        raise InvalidArgument("is unknown", field=f"{at}.operating_status")
    if change.HasField("price"):
        price = change.price
        if not _CURRENCY.fullmatch(price.currency_code):
            raise InvalidArgument("is no ISO 4217 code", field=f"{at}.price.currency_code")
        if not (0 <= price.units <= MAX_PRICE and 0 <= price.nanos < 1_000_000_000):
            raise InvalidArgument(f"is not in [0, {MAX_PRICE}]", field=f"{at}.price")
    elif not change.HasField("available") and not change.operating_status:
        raise InvalidArgument("changes no fact", field=at)


def _check_count(items: Sequence[object], field: str) -> None:
    if not 1 <= len(items) <= MAX_CHANGES:
        raise InvalidArgument(f"must have 1 to {MAX_CHANGES}", field=field)


def _check_hotel_id(id: str, field: str) -> None:
    if not 1 <= len(id) <= MAX_HOTEL_ID_CHARS:
        raise InvalidArgument(f"must be 1 to {MAX_HOTEL_ID_CHARS} characters", field=field)


def page(page_size: int, token: str, *, default: int) -> tuple[int, int]:
    """Read limit and offset.

    Raises:
        InvalidArgument: Naming the field.
    """
    if not 0 <= page_size <= MAX_PAGE:
        raise InvalidArgument(f"must be 0 to {MAX_PAGE}", field="page_size")
    if not token:
        return page_size or default, 0
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        kind, _, offset = raw.decode("ascii").partition(":")
    except (binascii.Error, ValueError) as error:
        raise InvalidArgument("is not a token of this service", field="page_token") from error
    if kind != "offset" or not offset.isascii() or not offset.isdigit() or len(offset) > 12:
        raise InvalidArgument("is not a token of this service", field="page_token")
    return page_size or default, int(offset)


def token(offset: int) -> str:
    """Return the token of a page that starts at an offset."""
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def job_id(text: str) -> str:
    """Read a job id.

    Raises:
        InvalidArgument: It is empty or too long.
    """
    if not 1 <= len(text) <= 64:
        raise InvalidArgument("must be 1 to 64 characters", field="job_id")
    return text


def job_to_pb(job: Job) -> pb.Job:
    """Return a job."""
    message = pb.Job(
        id=job.id,
        path=job.path,
        state=pb.JobState.Value(f"JOB_STATE_{job.state.name}"),
        row_count=job.row_count,
        read_count=job.read,
        published_count=job.published,
        quarantined_count=job.quarantined,
        unchanged_count=job.unchanged,
        failure=job.failure,
    )
    message.submitted_at.FromNanoseconds(int(job.submitted_at * 1e9))
    if job.ended_at is not None:
        message.ended_at.FromNanoseconds(int(job.ended_at * 1e9))
    return message


def row_to_pb(row: RefusedRow) -> pb.QuarantinedRow:
    """Return a refused row."""
    return pb.QuarantinedRow(
        id=row.id,
        job_id=row.job_id,
        line_number=row.line_number,
        field=row.field,
        reason=row.reason,
        raw=row.raw,
    )
