"""Vector retrieval: recall by meaning.

Answers: VectorRetrievalService (RetrieveByVector).
Reads: concierge.search.located.v1, concierge.catalog.hotel.v1.
Writes: concierge.search.candidates.v1.
Needs: a vector index - faiss in the embedded deployment - and an embedder.
"""
