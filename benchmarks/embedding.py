"""Embeddings and what is made with them: how well they find, and how fast texts become vectors.

Quality: every document of a collection is one passage, its title and first 1,500 characters, so
that the figures compare with those published with the data. Speed: passages of mixed length (a
third each of the shortest, the middle and the longest fifth) and as they come, each method in turn
in one process, and the fastest of its rounds counts; ``cpu`` is processor seconds, which other
work on the machine disturbs less.

    python -m benchmarks.embedding --json
    python -m benchmarks.embedding --collection DIR... --speed 0 --json
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import data_folder, missing
from evidence.models import embedding_place, load_embedding
from evidence.retrieval.documents import gather
from evidence.retrieval.metrics import evaluate, judged
from evidence.retrieval.questions import read_qrels, read_questions
from evidence.retrieval.retrievers._base import Retriever
from evidence.retrieval.retrievers._encoding import batch_tokens, encode
from evidence.retrieval.retrievers.bm25 import make as bm25
from evidence.retrieval.retrievers.embedding import make as embedding
from evidence.retrieval.retrievers.hybrid import make as hybrid
from evidence.retrieval.shapes import Passage, Qrels

CHARACTERS = 1_500
DEPTH = 50
SIZES = (4, 8, 16, 32)
"""Batch sizes that plain sentence-transformers is given; 32 is its default."""
ROUNDS = 3
SHOWN = ("recall@10", "ndcg@10")


def quality(folder: Path, cache: Path | None) -> dict[str, Any]:
    """Retriever -> kind of question -> how many there are, and the means of the metrics."""
    passages = beginnings(folder)
    questions = read_questions(folder / "queries.jsonl").questions
    known = {item.document for item in passages}
    qrels = read_qrels(folder / "qrels.tsv", {item.id for item in questions}, known, {}).qrels
    texts = {item.id: item.text for item in questions}
    kinds = {item.id: item.kind for item in questions}
    vectors = embedding(cache=cache)
    found: dict[str, Any] = {}
    retrievers: dict[str, Retriever] = {
        "bm25": bm25(),
        "embedding": vectors,
        "hybrid, ranks": hybrid(of=("bm25", vectors)),
        "hybrid, scores": hybrid(of=("bm25", vectors), fusion="scores"),
    }
    for name, retriever in retrievers.items():
        found[name] = _by_kind(retriever, passages, texts, qrels, kinds)
    return {"passages": len(passages), "retrievers": found}


def beginnings(folder: Path) -> list[Passage]:
    """One passage a document of a collection: its title, and where its text begins."""
    passages = []
    for item in gather(folder / "corpus.jsonl").documents:
        text = f"{item.title}\n{item.text[:CHARACTERS]}"
        passages.append(Passage(item.id, item.id, 0, len(text), text))
    return passages


def _by_kind(
    retriever: Retriever,
    passages: Sequence[Passage],
    texts: Mapping[str, str],
    qrels: Qrels,
    kinds: Mapping[str, str],
) -> dict[str, Any]:
    names = judged(qrels)
    started = time.perf_counter()
    retriever.index(passages)
    indexed = time.perf_counter()
    rankings = retriever.search([texts[name] for name in names], DEPTH)
    searched = time.perf_counter() - indexed
    figures = evaluate(
        dict(zip(names, rankings, strict=True)),
        qrels,
        {item.id: item.document for item in passages},
    )
    chosen = {kind: [kinds[name] == kind for name in names] for kind in sorted(set(kinds.values()))}
    chosen["all"] = [True] * len(names)
    return {
        "index_seconds": round(indexed - started, 2),
        "queries_per_second": round(len(names) / searched, 1),
        **{
            kind: {"n": sum(mask)}
            | {name: round(float(np.mean(np.array(figures[name])[mask])), 4) for name in SHOWN}
            for kind, mask in chosen.items()
        },
    }


def sample(passages: Sequence[Passage], count: int, *, mixed: bool) -> list[str]:
    """Texts drawn with a fixed seed: as they come, or short, middling and long ones in turn."""
    draw = random.Random(3)  # noqa: S311 - a sample, not a secret
    if not mixed:
        return [item.text for item in draw.sample(passages, count)]
    ordered = sorted((item.text for item in passages), key=len)
    fifth, middle = len(ordered) // 5, len(ordered) * 2 // 5
    thirds = (ordered[:fifth], ordered[middle : middle + fifth], ordered[-fifth:])
    texts = [text for part in thirds for text in draw.sample(part, count // 3)]
    draw.shuffle(texts)
    return texts


def speed(texts: Sequence[str], rounds: int = ROUNDS) -> dict[str, Any]:
    """Method -> texts a second by the clock and by the processor; and ours over the others."""
    model = load_embedding(embedding_place())
    budget = batch_tokens(model)
    ways: dict[str, Callable[[], NDArray[np.float32]]] = {
        "ours": lambda: encode(model, texts, budget)
    }
    for size in SIZES:
        ways[f"plain {size}"] = lambda size=size: _plain(model, texts, size)  # type: ignore[misc]
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    vectors: dict[str, NDArray[np.float32]] = {}
    for number in range(rounds):
        # Forwards and backwards in turn, so that no way always comes first.
        for name in list(ways)[:: -1 if number % 2 else 1]:
            clock, processor = time.perf_counter(), time.process_time()
            vectors[name] = ways[name]()
            taken = time.perf_counter() - clock, time.process_time() - processor
            seconds[name].append(taken)
    fastest = {
        name: [min(column) for column in zip(*each, strict=True)] for name, each in seconds.items()
    }
    best = [min(fastest[f"plain {size}"][at] for size in SIZES) for at in (0, 1)]
    ours, default = fastest["ours"], fastest["plain 32"]
    apart = max(float(np.abs(found - vectors["ours"]).max()) for found in vectors.values())
    return {
        "texts": len(texts),
        "device": str(model.device),
        "per_second": {
            name: {"clock": round(len(texts) / clock, 1), "cpu": round(len(texts) / cpu, 1)}
            for name, (clock, cpu) in fastest.items()
        },
        "ours_over_default": _ratios(default, ours),
        "ours_over_best": _ratios(best, ours),
        "largest_difference": apart,
    }


def _ratios(theirs: Sequence[float], ours: Sequence[float]) -> dict[str, float]:
    return {
        name: round(one / other, 2)
        for name, one, other in zip(("clock", "cpu"), theirs, ours, strict=True)
    }


def _plain(model: Any, texts: Sequence[str], size: int) -> NDArray[np.float32]:
    found = model.encode(
        list(texts), batch_size=size, normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(found, np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the figures; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="the benchmark data")
    parser.add_argument("--collection", type=Path, nargs="+", help="folders to measure quality on")
    parser.add_argument("--cache", type=Path, help="where vectors are kept")
    parser.add_argument(
        "--speed", type=int, default=300, help="texts to measure speed on; 0 is none"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each method")
    parser.add_argument("--no-quality", action="store_true", help="measure speed alone")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    given = parser.parse_args(arguments)
    data = data_folder(given.data) / "retrieval"
    folders = given.collection or [data / "cpp_errors", data / "multihop"]
    absent = [path for path in folders if not (path / "corpus.jsonl").is_file()]
    if absent:
        return missing(absent[0])
    found: dict[str, Any] = {"quality": {}, "speed": {}}
    if given.speed:
        passages = beginnings(folders[0])
        for name, mixed in (("mixed length", True), ("as they come", False)):
            found["speed"][name] = speed(sample(passages, given.speed, mixed=mixed), given.rounds)
    for folder in [] if given.no_quality else folders:
        found["quality"][folder.name] = quality(folder, given.cache)
    print(json.dumps(found, indent=None if given.json else 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
