"""Ingestion: bulk loads of the catalogue.

Answers: IngestionService (SubmitJob, GetJob, ListJobs, WatchJob, ListQuarantine,
ReplayQuarantine).
Writes: concierge.catalog.hotel.v1.
Needs: Celery workers on Redis, a job store, a place to publish to.
"""
