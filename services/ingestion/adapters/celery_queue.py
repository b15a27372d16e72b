"""The task queue on Celery."""

from __future__ import annotations

from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from services.platform.errors import FailedPrecondition, Unavailable


class CeleryQueue:
    """`TaskQueue` on a Celery app."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def enqueue(self, job_id: str) -> None:
        """Have a worker split and load the job."""
        try:
            self._app.send_task("concierge.split", args=[job_id])
        except OperationalError as error:
            raise Unavailable("the task broker is away", reason="BROKER_AWAY") from error

    def is_idle(self) -> bool:
        """Tell whether the queue is empty and every message taken from it acknowledged."""
        with self._app.connection_for_read() as connection:
            try:
                # Of kombu's Redis channel, the one broker there is.
                channel: Any = connection.default_channel
                queued = channel.client.llen(self._app.conf.task_default_queue)
                return not queued and not channel.client.hlen(channel.unacked_key)
            except (OperationalError, redis.RedisError) as error:
                raise Unavailable("the task broker is away", reason="BROKER_AWAY") from error


class NoQueue:
    """`TaskQueue` of a deployment without workers."""

    def enqueue(self, job_id: str) -> None:
        """Refuse.

        Raises:
            FailedPrecondition: Always.
        """
        raise FailedPrecondition(
            "this deployment runs without ingestion workers", reason="NO_WORKERS"
        )

    def is_idle(self) -> bool:
        """Return `False`: there is nobody to take a job up again."""
        return False
