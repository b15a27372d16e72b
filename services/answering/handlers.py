"""What answering does: let a writer write, pass on what the records support."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from services.answering import metrics
from services.answering.domain.answer import AnswerTask, Sentence
from services.answering.domain.evidence import Evidence, Verdict
from services.answering.domain.verifier import Verifier
from services.answering.ports import AnswerWriter
from services.platform.errors import DeadlineExceeded, Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """How an answer was made.

    Attributes:
        writer: Who wrote it.
        dropped_sentences: Sentences that no record supported.
        degraded: The writer that was configured did not answer.
    """

    writer: str
    dropped_sentences: int
    degraded: bool


async def answer(
    task: AnswerTask, evidence: Evidence, *, writer: AnswerWriter, fallback: AnswerWriter
) -> AsyncGenerator[Sentence | Summary, None]:
    """Yield the verified sentences of an answer, then how it was made.

    A sentence that is not supported is written again once, then dropped. A writer that fails
    before its first good sentence, or has none, is replaced by `fallback`; one that fails later
    ends the answer where it stands. Both count as degraded when the writer failed.
    """
    verifier = Verifier(evidence)
    told, dropped, failed = 0, 0, False
    try:
        # A guest who goes away ends the writing at once.
        async with aclosing(writer.write(task)) as drafts:
            async for draft in drafts:
                sentence = await _supported(draft, task, verifier, writer)
                if sentence is None:
                    dropped += 1
                else:
                    told += 1
                    yield sentence
    except (Unavailable, DeadlineExceeded) as error:
        log.warning("writer_failed", writer=writer.name, reason=error.reason)
        failed = True
    name = writer.name
    if told == 0 and writer is not fallback:
        name = fallback.name
        async for draft in fallback.write(task):
            sentence = await _supported(draft, task, verifier, fallback)
            if sentence is None:
                dropped += 1
            else:
                yield sentence
    yield Summary(name, dropped, failed)


async def _supported(
    draft: Sentence, task: AnswerTask, verifier: Verifier, writer: AnswerWriter
) -> Sentence | None:
    """Return the draft, or its second version, if the records support it; else `None`."""
    verdict = _verify(draft, verifier)
    if verdict.supported:
        metrics.SENTENCES.labels(writer.name, "passed").inc()
        return draft
    again = await writer.rewrite(task, draft, verdict.problems)
    if again is not None and _verify(again, verifier).supported:
        metrics.SENTENCES.labels(writer.name, "rewritten").inc()
        return again
    metrics.SENTENCES.labels(writer.name, "dropped").inc()
    log.info(
        "sentence_dropped",
        writer=writer.name,
        problems=[f"{problem.text}: {problem.why}" for problem in verdict.problems],
    )
    return None


def _verify(sentence: Sentence, verifier: Verifier) -> Verdict:
    return verifier.verify(sentence.text, hotel_ids=[c.hotel_id for c in sentence.citations])
