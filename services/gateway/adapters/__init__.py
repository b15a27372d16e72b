"""One class per backend of the gateway."""
