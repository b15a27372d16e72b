"""Folding and cutting text, Chinese and English. A pure library: one analyser for every engine."""
