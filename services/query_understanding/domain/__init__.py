"""Reading words: pure functions from a turn, a state and a lexicon to a plan and a state."""
