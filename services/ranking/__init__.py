"""Ranking: orders what recall found, gates it by the hard condition, says why.

Answers: RankingService (RankHotels).
Reads: concierge.search.candidates.v1, both recall stages of a search joined.
Writes: concierge.search.completed.v1, to the asking gateway's lane.
Needs: nothing; pure code.
"""
