"""One class per backend of vector retrieval."""
