"""What facilities, kinds, tiers, room types and brands are called, in every language we read.

A pure library over data files with a version; adding a word is editing YAML, not code.
"""

from services.vocabulary.vocabulary import NEAR_METRO, Concept, Vocabulary

__all__ = ["NEAR_METRO", "Concept", "Vocabulary"]
