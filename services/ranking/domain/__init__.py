"""Pure rules of ranking."""
