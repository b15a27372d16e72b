"""What ingestion needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2

from services.ingestion.domain.job import ChunkCounts, Job, RefusedRow

# A part of the hotel record, so its contract message, as the record is.
Facts: TypeAlias = catalog_events_pb2.HotelFactsChanged


class JobStore(Protocol):
    """Loads, their chunks and their refused rows. Every write may safely be repeated.

    Every call raises `Unavailable` when the store is away.
    """

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
        """Note how many rows and chunks the job has; a queued job now runs."""
        ...

    def failed(self, job_id: str, reason: str) -> None:
        """End the job as failed; one that has ended stays as it is."""
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

    def forget(self, hotel_ids: Sequence[str]) -> None:
        """Drop the digests: whatever these hotels' next record is, it is a change."""
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
    """Publishes changes of the catalogue."""

    def publish(self, hotels: Sequence[hotel_pb2.Hotel], *, job_id: str) -> None:
        """Publish all; on return the bus has them.

        Raises:
            Unavailable: The bus is away; some may have been published.
        """
        ...

    def remove(self, hotel_ids: Sequence[str]) -> None:
        """Publish that these hotels are no more; on return the bus has it.

        Raises:
            Unavailable: As `publish`.
        """
        ...

    def change_facts(self, changes: Sequence[Facts]) -> None:
        """Publish all in order; on return the bus has them.

        Raises:
            Unavailable: As `publish`.
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

    def is_idle(self) -> bool:
        """Tell whether nothing is queued and no worker has anything in work.

        Raises:
            Unavailable: The broker is away.
        """
        ...
