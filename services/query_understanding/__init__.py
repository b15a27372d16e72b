"""Query understanding: the guest's words to a plan, turn after turn, by rules in about a millisecond.

Answers: QueryUnderstandingService (PlanQuery).
Reads: concierge.search.requested.v1, concierge.catalog.hotel.v1.
Writes: concierge.search.planned.v1, concierge.search.completed.v1.
Needs: nothing but the catalogue's names, which it keeps in memory.
"""
