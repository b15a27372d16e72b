"""A member that begins with everything and finishes nothing, to be killed: ADDRESS TOPIC."""

from __future__ import annotations

import asyncio
import sys

from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.bus import Subscription
from services.platform.events import Record
from tests.contract.platform.event_bus_contract import topics_of
from tests.kafka_topics import settings_for_tests


async def main(address: str, topic: str) -> None:
    async def handler(record: Record) -> None:
        print("begun", flush=True)
        await asyncio.Event().wait()

    bus = KafkaBus(
        settings_for_tests(address), topics_of(topic.removesuffix(".facts.v1")), client_id="member"
    )
    await bus.start()
    await bus.subscribe(Subscription("concierge.test", (topic,), handler, from_beginning=True))
    print("joined", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
