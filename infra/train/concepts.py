"""Train the reader of concepts and write it as ONNX: seconds, from data in this project alone.

Usage: python infra/train/concepts.py OUT

The model is complement naive Bayes over hashed character n-grams (Rennie et al., ICML 2003), whose
weights are one matrix; the margin of its best concept over the second is calibrated to a
probability by cross-validation (Platt, 1999). Prints what it does on sayings held back.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from services.query_understanding.adapters import sayings
from services.query_understanding.adapters.ngrams import BUCKETS, numbered
from services.query_understanding.adapters.onnx_concept_reader import CONCEPTS
from services.vocabulary import Vocabulary

SEED = 20_251_123
FOLDS = 5
SMOOTHING = 0.1

Example = tuple[str, str]
Matrix = NDArray[np.float64]


def main() -> None:
    """Train, say how good it is, write the file."""
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    vocabulary = Vocabulary.load()
    said = [(saying.text, saying.concept) for saying in sayings.load(vocabulary)]
    concepts = sorted({concept for _, concept in said})
    names = list(words(vocabulary, concepts))
    margins, right, held = held_back(said, names, concepts)
    slope, offset = platt(margins, right)
    report(margins, right, held, slope, offset)
    write(weights([*said, *names], concepts), concepts, slope, offset, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {len(concepts)} concepts")


def words(vocabulary: Vocabulary, concepts: Sequence[str]) -> Sequence[Example]:
    """Return names, synonyms and needs of the concepts as examples."""
    found = []
    for concept in concepts:
        section, _, id = concept.partition(".")
        known = vocabulary.section(section).get(id)
        if known is not None:
            needs = (need.replace(" .. ", " ") for need in known.needs)
            found += [(word, concept) for word in (*known.words(), *needs)]
    return found


def weights(examples: Sequence[Example], concepts: Sequence[str]) -> Matrix:
    """Return how much each n-gram speaks for each concept: `(BUCKETS, concepts)`, row 0 zero."""
    index = {concept: number for number, concept in enumerate(concepts)}
    counts = np.zeros((BUCKETS, len(concepts)))
    rows = numbered([text for text, _ in examples])
    for row, (_, concept) in zip(rows, examples, strict=True):
        counts[row[row > 0], index[concept]] += 1
    others = counts.sum(axis=1, keepdims=True) - counts
    used = np.count_nonzero(counts.sum(axis=1))
    own_share = (counts + SMOOTHING) / (counts.sum(axis=0) + SMOOTHING * used)
    other_share = (others + SMOOTHING) / (others.sum(axis=0) + SMOOTHING * used)
    table: Matrix = np.log(own_share) - np.log(other_share)
    table[counts.sum(axis=1) == 0] = 0.0  # what was never seen says nothing
    return table


def scores(table: Matrix, texts: Sequence[str]) -> Matrix:
    """Return the score of each concept for each text, as the written model computes it."""
    rows = numbered(texts)
    known = np.maximum(1, (rows > 0).sum(axis=1, keepdims=True))
    found: Matrix = table[rows].sum(axis=1) / np.sqrt(known)
    return found


def held_back(
    said: Sequence[Example], names: Sequence[Example], concepts: Sequence[str]
) -> tuple[Matrix, NDArray[np.bool_], list[tuple[str, str]]]:
    """Return, for sayings no model has seen: margin, whether it was right, (proposed, meant)."""
    shuffled = list(said)
    random.Random(SEED).shuffle(shuffled)
    margins: list[float] = []
    held: list[tuple[str, str]] = []
    for fold in range(FOLDS):
        seen = [example for at, example in enumerate(shuffled) if at % FOLDS != fold]
        unseen = shuffled[fold::FOLDS]
        found = scores(weights([*seen, *names], concepts), [text for text, _ in unseen])
        order = np.sort(found, axis=1)
        margins += list(order[:, -1] - order[:, -2])
        best = found.argmax(axis=1)
        held += [(concepts[at], meant) for at, (_, meant) in zip(best, unseen, strict=True)]
    right = np.array([proposed == meant for proposed, meant in held])
    return np.array(margins), right, held


def platt(margins: Matrix, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of the sigmoid that turns a margin into a probability."""
    slope, offset = 1.0, 0.0
    for _ in range(2_000):
        error = 1 / (1 + np.exp(-(slope * margins + offset))) - right
        slope -= 0.1 * float(np.mean(error * margins))
        offset -= 0.1 * float(np.mean(error))
    return slope, offset


def report(
    margins: Matrix,
    right: NDArray[np.bool_],
    held: Sequence[tuple[str, str]],
    slope: float,
    offset: float,
) -> None:
    """Print precision and recall on what was held back, by threshold."""
    sure = 1 / (1 + np.exp(-(slope * margins + offset)))
    asked = sum(meant != sayings.NONE for _, meant in held)
    print(f"{len(held)} sayings held back in {FOLDS} folds, {asked} of them ask for something")
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
        told = [
            (good, meant)
            for good, certain, (proposed, meant) in zip(right, sure, held, strict=True)
            if certain >= threshold and proposed != sayings.NONE
        ]
        hits = sum(bool(good) for good, _ in told)
        idle = sum(meant == sayings.NONE for _, meant in told)
        print(
            f"  confidence >= {threshold}: proposes {len(told)}, precision "
            f"{hits / max(1, len(told)):.2f}, recall {hits / asked:.2f}, for nothing {idle}"
        )


def write(table: Matrix, concepts: Sequence[str], slope: float, offset: float, out: Path) -> None:
    """Write the model.

    In: `ngrams` int64 `(batch, length)`, filled with 0. Out: `concept` int64 `(batch,)`, an index
    into the concepts of the metadata; `confidence` float32 `(batch,)`.
    """

    def constant(name: str, values: Sequence[float] | NDArray[np.generic]) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(values), name)

    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["table16"], ["table"], to=TensorProto.FLOAT),
            helper.make_node("Gather", ["table", "ngrams"], ["rows"]),
            helper.make_node("ReduceSum", ["rows", "one"], ["sums"], keepdims=0),
            helper.make_node("Greater", ["ngrams", "zero"], ["is_known"]),
            helper.make_node("Cast", ["is_known"], ["known"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["known", "one"], ["count"], keepdims=1),
            helper.make_node("Max", ["count", "least"], ["at_least_one"]),
            helper.make_node("Sqrt", ["at_least_one"], ["norm"]),
            helper.make_node("Div", ["sums", "norm"], ["scores"]),
            helper.make_node("TopK", ["scores", "two"], ["best", "order"]),
            helper.make_node("Split", ["best"], ["first", "second"], axis=1, num_outputs=2),
            helper.make_node("Sub", ["first", "second"], ["margin"]),
            helper.make_node("Mul", ["margin", "slope"], ["steep"]),
            helper.make_node("Add", ["steep", "offset"], ["shifted"]),
            helper.make_node("Sigmoid", ["shifted"], ["certain"]),
            helper.make_node("Squeeze", ["certain", "one"], ["confidence"]),
            helper.make_node("ArgMax", ["scores"], ["concept"], axis=1, keepdims=0),
        ],
        "concepts",
        [helper.make_tensor_value_info("ngrams", TensorProto.INT64, ["batch", "length"])],
        [
            helper.make_tensor_value_info("concept", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, ["batch"]),
        ],
        [
            constant("table16", table.astype(np.float16)),
            constant("one", np.array([1], np.int64)),
            constant("two", np.array([2], np.int64)),
            constant("zero", np.array(0, np.int64)),
            constant("least", np.array(1, np.float32)),
            constant("slope", np.array(slope, np.float32)),
            constant("offset", np.array(offset, np.float32)),
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="concierge"
    )
    model.ir_version = 9
    helper.set_model_props(model, {CONCEPTS: "\n".join(concepts)})
    onnx.checker.check_model(model)
    out.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
