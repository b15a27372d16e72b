"""Vector retrieval: recall by meaning.

Answers: VectorRetrievalService (RetrieveByVector).
Reads: concierge.search.located.v1, concierge.catalog.hotel.v1, concierge.catalog.facts.v1.
Writes: concierge.search.candidates.v1.
Needs: a vector index - Milvus, or faiss in its own memory - and an embedder.
"""
