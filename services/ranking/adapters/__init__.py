"""Rerankers of ranking."""
