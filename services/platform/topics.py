"""The topic registry: which topics exist, read from `infra/kafka/topics.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from services.platform.errors import FailedPrecondition

# In a wheel the file lies beside this module, in a checkout under infra/.
_PACKAGED = Path(__file__).with_name("topics.yaml")
_CHECKOUT = Path(__file__).parents[2] / "infra" / "kafka" / "topics.yaml"

DEAD_LETTER_RETENTION_S = 14 * 24 * 3600
# Largest event, envelope included: candidates of one stage come with their records.
MAX_MESSAGE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: `concierge.<area>.<stream>.v<N>`.
        purpose: What for, a sentence.
        key: What the partition key is.
        types: Full names of the messages on it.
        partitions: 1 or more.
        compacted: The latest record per key is kept for ever.
        retention_s: Seconds a record is kept; 0 for compacted topics.
        producers, consumers: Service names.
    """

    name: str
    purpose: str
    key: str
    types: tuple[str, ...]
    partitions: int
    compacted: bool = False
    retention_s: int = 0
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()


def dead_letter_topic(topic: str, service: str) -> str:
    """Return the name of a consumer's dead-letter topic."""
    return f"{topic}.{service}.dlt"


def load_topics(path: Path | None = None) -> Mapping[str, Topic]:
    """Read the registry; dead-letter topics of all consumers included.

    Raises:
        FailedPrecondition: The file is missing or malformed; names the topic.
    """
    file = path or (_PACKAGED if _PACKAGED.exists() else _CHECKOUT)
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise FailedPrecondition(f"topic registry {file} cannot be read: {error}") from error
    topics: dict[str, Topic] = {}
    for name, row in rows.items():
        try:
            topic = Topic(
                name=name,
                purpose=row["purpose"],
                key=row["key"],
                types=tuple(row["types"]),
                partitions=int(row["partitions"]),
                compacted=bool(row.get("compacted", False)),
                retention_s=int(row.get("retention_s", 0)),
                producers=tuple(row["producers"]),
                consumers=tuple(row["consumers"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FailedPrecondition(f"topic registry: {name} is malformed: {error}") from error
        topics[name] = topic
        for service in topic.consumers:
            letters = dead_letter_topic(name, service)
            topics[letters] = Topic(
                name=letters,
                purpose=f"What {service} could not work off {name}.",
                key=topic.key,
                types=topic.types,
                partitions=1,
                retention_s=DEAD_LETTER_RETENTION_S,
                producers=(service,),
            )
    return topics
