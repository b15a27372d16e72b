"""What ingestion needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from concierge.catalog.v1 import hotel_pb2

from services.ingestion.domain.job import ChunkCounts, Job, RefusedRow


class JobStore(Protocol):
    """Loads, their chunks and their refused rows. Every write may safely be repeated."""

    def create(self, job: Job, request_id: str) -> Job:
        """Keep a new job; the same request id again returns the job it made."""
        ...

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: There is none.
        """
        ...

    def jobs(self, *, limit: int, offset: int) -> list[Job]:
        """Return jobs, newest first."""
        ...

    def planned(self, job_id: str, *, row_count: int, chunk_count: int) -> None:
        """Note how many rows and chunks the job has."""
        ...

    def failed(self, job_id: str, reason: str) -> None:
        """End the job as failed."""
        ...

    def chunk_done(
        self,
        job_id: str,
        chunk: int,
        counts: ChunkCounts,
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Note a chunk's counts, refused rows and published digests, replacing an earlier try.

        The job has succeeded when its last chunk is done.
        """
        ...

    def digests(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the digests of records published before, by hotel id."""
        ...

    def refused(
        self, *, job_id: str = "", row_ids: Sequence[str] = (), limit: int, offset: int
    ) -> list[RefusedRow]:
        """Return refused rows in the order of job and line."""
        ...

    def replayed(
        self,
        accepted: Sequence[str],
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Remove accepted rows from the quarantine and note the rest's new reasons."""
        ...


class CataloguePublisher(Protocol):
    """Publishes hotels to the catalogue topic."""

    def publish(self, hotels: Sequence[hotel_pb2.Hotel], *, job_id: str) -> None:
        """Publish all; on return the bus has them.

        Raises:
            Unavailable: The bus is away; some may have been published.
        """
        ...


class TaskQueue(Protocol):
    """Hands jobs to workers."""

    def enqueue(self, job_id: str) -> None:
        """Have a worker split and load the job.

        Raises:
            Unavailable: The broker is away.
            FailedPrecondition: This deployment runs without workers.
        """
        ...
