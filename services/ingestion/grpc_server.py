"""The gRPC door of ingestion. The store blocks, so its calls run in threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from concierge.ingestion.v1 import ingestion_pb2 as pb
from concierge.ingestion.v1 import ingestion_pb2_grpc

from services.ingestion import handlers, wire
from services.ingestion.domain.job import Job, JobState
from services.ingestion.ports import CataloguePublisher, JobStore, TaskQueue
from services.platform.errors import InvalidArgument
from services.platform.rpc import Context
from services.vocabulary import Vocabulary

SERVICE_NAME = "concierge.ingestion.v1.IngestionService"
WATCH_INTERVAL_S = 0.25
WATCH_LEAST_EVERY_S = 1.0


class IngestionServicer(ingestion_pb2_grpc.IngestionServiceServicer):
    """Ingestion over gRPC."""

    def __init__(
        self,
        store: JobStore,
        queue: TaskQueue,
        publisher: CataloguePublisher,
        vocabulary: Vocabulary,
    ) -> None:
        self._store = store
        self._queue = queue
        self._publisher = publisher
        self._vocabulary = vocabulary

    async def SubmitJob(
        self, request: pb.SubmitJobRequest, context: Context
    ) -> pb.SubmitJobResponse:
        """Start loading a file."""
        command = wire.submit_command(request)
        job = await asyncio.to_thread(
            handlers.submit_job, *command, store=self._store, queue=self._queue
        )
        return pb.SubmitJobResponse(job=wire.job_to_pb(job))

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        """Read one job."""
        return pb.GetJobResponse(job=wire.job_to_pb(await self._job(request.job_id)))

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        """List jobs, newest first."""
        limit, offset = wire.page(request.page_size, request.page_token, default=50)
        jobs = await asyncio.to_thread(self._store.jobs, limit=limit + 1, offset=offset)
        return pb.ListJobsResponse(
            jobs=[wire.job_to_pb(job) for job in jobs[:limit]],
            next_page_token=wire.token(offset + limit) if len(jobs) > limit else "",
        )

    async def WatchJob(
        self, request: pb.WatchJobRequest, context: Context
    ) -> AsyncIterator[pb.WatchJobResponse]:
        """Follow a job until it ends."""
        shown: Job | None = None
        quiet_s = 0.0
        while True:
            job = await self._job(request.job_id)
            if job != shown or quiet_s >= WATCH_LEAST_EVERY_S:
                yield pb.WatchJobResponse(job=wire.job_to_pb(job))
                shown, quiet_s = job, 0.0
            if job.state in (JobState.SUCCEEDED, JobState.FAILED):
                return
            await asyncio.sleep(WATCH_INTERVAL_S)
            quiet_s += WATCH_INTERVAL_S

    async def ListQuarantine(
        self, request: pb.ListQuarantineRequest, context: Context
    ) -> pb.ListQuarantineResponse:
        """List rows that were refused."""
        limit, offset = wire.page(request.page_size, request.page_token, default=100)
        rows = await asyncio.to_thread(
            self._store.refused,
            job_id=request.job_id,
            row_ids=[request.row_id] if request.row_id else [],
            limit=limit + 1,
            offset=offset,
        )
        return pb.ListQuarantineResponse(
            rows=[wire.row_to_pb(row) for row in rows[:limit]],
            next_page_token=wire.token(offset + limit) if len(rows) > limit else "",
        )

    async def ReplayQuarantine(
        self, request: pb.ReplayQuarantineRequest, context: Context
    ) -> pb.ReplayQuarantineResponse:
        """Try refused rows again."""
        if not request.row_ids and not request.job_id and not request.corrections:
            raise InvalidArgument("name rows or a job", field="row_ids")
        published, refused = await asyncio.to_thread(
            handlers.replay_quarantine,
            list(request.row_ids),
            request.job_id,
            dict(request.corrections),
            store=self._store,
            vocabulary=self._vocabulary,
            publisher=self._publisher,
        )
        return pb.ReplayQuarantineResponse(published_count=published, quarantined_count=refused)

    async def RemoveHotels(
        self, request: pb.RemoveHotelsRequest, context: Context
    ) -> pb.RemoveHotelsResponse:
        """Take hotels out of the catalogue."""
        removed = await asyncio.to_thread(
            handlers.remove_hotels,
            wire.removed_hotels(request),
            store=self._store,
            publisher=self._publisher,
        )
        return pb.RemoveHotelsResponse(removed_count=removed)

    async def ChangeFacts(
        self, request: pb.ChangeFactsRequest, context: Context
    ) -> pb.ChangeFactsResponse:
        """Change prices, availability and status."""
        changed = await asyncio.to_thread(
            handlers.change_facts,
            wire.changed_facts(request, now_s=time.time()),
            store=self._store,
            publisher=self._publisher,
        )
        return pb.ChangeFactsResponse(changed_count=changed)

    async def _job(self, id: str) -> Job:
        return await asyncio.to_thread(self._store.get, wire.job_id(id))
