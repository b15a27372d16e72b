"""Ingestion: bulk loads of the catalogue, removals, fast facts.

Answers: IngestionService (SubmitJob, GetJob, ListJobs, WatchJob, ListQuarantine,
ReplayQuarantine, RemoveHotels, ChangeFacts).
Writes: concierge.catalog.hotel.v1, concierge.catalog.facts.v1.
Needs: Celery workers on Redis, a job store, a place to publish to.
"""
