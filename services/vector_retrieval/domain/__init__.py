"""Pure rules of vector retrieval."""
