"""Celery, set up so that a killed worker loses nothing.

A task is acknowledged after its work; one that a dead worker held comes back when its visibility
timeout is over or the worker is seen lost, and runs again: tasks are idempotent.
"""

from __future__ import annotations

from celery import Celery

from services.ingestion.settings import IngestionSettings


def make_app(settings: IngestionSettings) -> Celery:
    """Return the Celery app on the settings' broker."""
    app = Celery(
        "concierge",
        broker=settings.broker_url.get_secret_value(),
        include=["services.ingestion.tasks"],
    )
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=f"{settings.key_prefix}.ingestion",
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": settings.task_limit_s * 2,
            # The sweep for tasks of dead workers; the default runs every 100 s.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        },
    )
    return app
