"""One class per backend of geocoding."""
