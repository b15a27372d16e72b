"""Geographic maths and datums. A pure library."""
