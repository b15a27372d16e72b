"""One class per backend of ingestion."""
