"""What the stand-in says: scripted replies, else JSON made from the schema, else one sentence.

A prompt that begins with `@stand-in ` is an order to the stand-in itself, in JSON:

- `{"replies": {KEY: [REPLY, ...]}}`: from now on a prompt that has every line of KEY in it gets
  the replies one by one, the last of them for ever. The first key that fits is taken. A reply is
  `{"text": ..., "late_s": 0, "pause_s": 0, "fail_after": null}`: after `late_s` the text comes a
  word at a time, with a pause after each, and fails after so many.
- `{"seen": KEY}`: says as JSON which prompts and schemas came for KEY, and how many of their
  streams were cancelled.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ORDER = "@stand-in "
SAYS = "This is the stand-in for a language model."
MOST_KEYS = 1_000


@dataclass(frozen=True)
class Reply:
    """What is said to one prompt.

    Attributes:
        text: All of it.
        late_s: Wait before the first word, in seconds.
        pause_s: Wait after each word, in seconds.
        fail_after: Words that come before it fails; `None`: it does not fail.
    """

    text: str
    late_s: float = 0.0
    pause_s: float = 0.0
    fail_after: int | None = None

    def pieces(self, max_tokens: int) -> Iterator[str]:
        """Yield the words with the blanks behind them; a word counts as a token."""
        words = self.text.split(" ")[:max_tokens]
        for index, word in enumerate(words):
            yield word + " " * (index < len(words) - 1)


@dataclass
class Key:
    """The replies of a key, and what came for it."""

    replies: list[Reply]
    prompts: list[str] = field(default_factory=list)
    schemas: list[Any] = field(default_factory=list)
    cancelled: int = 0


class Script:
    """Replies by key; safe to use from several threads."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._lock = threading.Lock()

    def reply(self, prompt: str, schema: Any) -> tuple[Reply, Key | None]:
        """Return what is said to a prompt, and the key that it was found by.

        Raises:
            ValueError: The prompt is an order that cannot be read.
        """
        with self._lock:
            if prompt.startswith(ORDER):
                return Reply(self._obey(json.loads(prompt.removeprefix(ORDER)))), None
            for name, key in self._keys.items():
                if all(line in prompt for line in name.splitlines()):
                    key.prompts.append(prompt)
                    key.schemas.append(schema)
                    return key.replies.pop(0) if len(key.replies) > 1 else key.replies[0], key
        if schema is None:
            return Reply(SAYS), None
        return Reply(json.dumps(instance_of(schema, schema), ensure_ascii=False)), None

    def count_cancelled(self, key: Key | None) -> None:
        """Note that a stream ended before its time."""
        if key is not None:
            with self._lock:
                key.cancelled += 1

    def _obey(self, order: Mapping[str, Any]) -> str:
        if "seen" in order:
            key = self._keys.get(order["seen"])
            if key is None:
                raise ValueError(f"no replies were given for {order['seen']!r}")
            return json.dumps(
                {"prompts": key.prompts, "schemas": key.schemas, "cancelled": key.cancelled}
            )
        for name, replies in order["replies"].items():
            self._keys[name] = Key([Reply(**reply) for reply in replies])
            if not self._keys[name].replies:
                raise ValueError(f"no reply for {name!r}")
        while len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)
        return "ok"


def instance_of(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Return the plainest value that satisfies a JSON schema, the same every time.

    Knows what schemas of forms are made of: type, const, enum, anyOf, oneOf, local $ref,
    properties with required, items with minItems, minimum, minLength. Not: pattern, format.
    """
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return instance_of(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return instance_of(schema[choice][0], root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: instance_of(properties[name], root) for name in schema.get("required", ())}
    if kind == "array":
        return [instance_of(schema["items"], root)] * schema.get("minItems", 0)
    if kind == "string":
        return "x" * schema.get("minLength", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return False if kind == "boolean" else None
