"""Pure rules of ingestion."""
