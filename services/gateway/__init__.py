"""The gateway: the one door guests' clients use.

Answers: SearchService (SearchHotels, Recommend, Explain).
Reads: concierge.search.completed.v1, exactly one partition: its reply lane.
Writes: concierge.search.requested.v1, concierge.search.feedback.v1.
Needs: the event bus, a conversation store, a search archive, answering and keyword search (gRPC).

The gateway admits, remembers and pages; it does not interpret. What other services say in
contract messages (plans, hits) passes through as these messages.
"""
