"""Geographic maths and datums. A pure library."""

from pathlib import Path

# The places that come with concierge: geocoding finds their positions, query understanding their
# names.
SHIPPED_PLACES = Path(__file__).with_name("gazetteer.jsonl")
