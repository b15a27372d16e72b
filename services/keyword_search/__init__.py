"""Keyword search: recall by words, and records by id.

Answers: KeywordSearchService (RetrieveByKeyword, GetHotels).
Reads: concierge.search.located.v1, concierge.catalog.hotel.v1, concierge.catalog.facts.v1.
Writes: concierge.search.candidates.v1.
Needs: a keyword index - tantivy in the embedded deployment.
"""
