"""Ingestion between the contract and the domain."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from concierge.ingestion.v1 import ingestion_pb2 as pb

from services.ingestion.domain.job import Job, RefusedRow
from services.platform.errors import InvalidArgument

MAX_PAGE = 1_000
MAX_MAPPING_CHARS = 200_000


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
