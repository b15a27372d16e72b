"""One class per backend of the platform."""
