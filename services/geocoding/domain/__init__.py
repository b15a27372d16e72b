"""Pure rules of geocoding."""
