"""Words that ask for facts of a hotel, by their classes in `cues.yaml`."""

from __future__ import annotations

import re

from services.plan.condition import Field

FACTS = {
    "fact_phone": Field.PHONE,
    "fact_address": Field.ADDRESS,
    "fact_price": Field.PRICE,
    "fact_rating": Field.GUEST_RATING,
    "fact_tier": Field.TIER,
    "fact_star": Field.STAR_RATING,
    "fact_transport": Field.TRANSPORT,
    "fact_postcode": Field.POSTCODE,
    "fact_room_type": Field.ROOM_TYPE,
    "fact_distance": Field.DISTANCE,
    "fact_available": Field.AVAILABLE,
    "fact_reviews": Field.REVIEW_COUNT,
    "fact_brand": Field.BRAND,
}
NEAR_FACTS = {"fact_near_attraction": "attraction", "fact_near_restaurant": "restaurant"}
CHECK = re.compile(
    r"(?:吗|么|没|不|嘛|是否|有没有|能不能|提不提供|[?？])|^(?:and )?(?:does|do|is|are|has|have|can|will)\b|\b(?:does|do) (?:it|they|this|that|the)\b|whether|if it (?:has|provides|offers)|is there|are there"
)
"""What checks something: "有…吗", "does it have"."""
