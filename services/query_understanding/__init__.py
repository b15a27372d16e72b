"""Query understanding: reads the guest's words into a typed plan.

Answers: QueryUnderstandingService (PlanQuery).
Reads: concierge.search.requested.v1; concierge.catalog.hotel.v1 for the names in it.
Writes: concierge.search.planned.v1; concierge.search.completed.v1 when nothing is to be searched.
Needs: the vocabulary and cue files. Rules only; no model is asked.
"""
