"""Whether a probe's verdict on 50 judged questions agrees with the one on all that are judged.

Every retriever ranks each collection once, and the figures of its questions are kept on disk; then
50 questions are drawn again and again, and the verdict's rules are asked. A draw agrees where it
names the same retriever; one that says that it cannot tell is counted apart. Where embeddings are
not installed, word search of other kinds stands in, so that there is something to tell apart:
``endpoint:plain`` (no stems, stop words kept), ``embedding:grams`` (four characters each), and
``hybrid:ranks`` (reciprocal ranks of BM25 and the grams).

    python -m benchmarks.probe --json
    python -m benchmarks.probe --collection DIR... --retrievers bm25,embedding,hybrid --json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from advisor_rules import default_rulebook
from benchmarks.common import data_folder, missing
from evidence.retrieval.compare import compare
from evidence.retrieval.documents import gather
from evidence.retrieval.metrics import MAIN, evaluate, judged
from evidence.retrieval.passages import split_all
from evidence.retrieval.questions import read_qrels, read_questions
from evidence.retrieval.retrievers._base import ranked, retriever_modules
from evidence.retrieval.retrievers.bm25 import make as bm25
from evidence.retrieval.shapes import Passage, Qrels, Ranking
from evidence.retrieval.verdict import Measured, Verdict, by_cost, decide

DEPTH = 50
DRAWN = 50
DRAWS = 200
LARGE = 10**9
"""Tokens that no prompt holds: what is asked here is which retriever."""
STAND_INS = ("bm25", "endpoint:plain", "embedding:grams", "hybrid:ranks")
Search = Callable[[Sequence[Passage], Sequence[str]], list[Ranking]]
Values = Mapping[str, Sequence[float]]


def grams(text: str) -> str:
    """Every four characters in a row within the words, as if they were words."""
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    parts = (f"_{word}_" for word in words)
    return " ".join(part[at : at + 4] for part in parts for at in range(max(1, len(part) - 3)))


def _plain(passages: Sequence[Passage], questions: Sequence[str]) -> list[Ranking]:
    found = bm25(stemmer="", stop_words="", identifiers=False)
    found.index(passages)
    return found.search(questions, DEPTH)


def _grams(passages: Sequence[Passage], questions: Sequence[str]) -> list[Ranking]:
    found = bm25(stemmer="", stop_words="", identifiers=False)
    found.index([replace(item, text=grams(item.text), heading="") for item in passages])
    return found.search([grams(text) for text in questions], DEPTH)


def _fused(passages: Sequence[Passage], questions: Sequence[str]) -> list[Ranking]:
    fused = []
    words = _named("bm25")(passages, questions)
    for pair in zip(words, _grams(passages, questions), strict=True):
        scores: Counter[str] = Counter()
        for ranking in pair:
            scores.update({hit.passage: 1 / (60 + at) for at, hit in enumerate(ranking, 1)})
        fused.append(ranked(dict(scores), DEPTH))
    return fused


def _named(name: str) -> Search:
    def search(passages: Sequence[Passage], questions: Sequence[str]) -> list[Ranking]:
        found = retriever_modules()[name].make()
        found.index(passages)
        return found.search(questions, DEPTH)

    return search


def searches(name: str) -> Search:
    """What ranks under a name: a stand-in, or the retriever that is installed."""
    own: dict[str, Search] = {
        "endpoint:plain": _plain,
        "embedding:grams": _grams,
        "hybrid:ranks": _fused,
    }
    return own.get(name) or _named(name)


def figures(folder: Path, name: str, cache: Path) -> list[float]:
    """The main metric of every judged question of a collection, ranked now or read from disk."""
    key = f"{folder.resolve()}|{(folder / 'corpus.jsonl').stat().st_mtime_ns}|{name}|{DEPTH}|1"
    path = cache / f"probe-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    if path.is_file():
        kept: list[float] = json.loads(path.read_text())
        return kept
    passages, questions, qrels = collection(folder)
    names = judged(qrels)
    rankings = searches(name)(passages, [questions[one] for one in names])
    document_of = {item.id: item.document for item in passages}
    found = evaluate(dict(zip(names, rankings, strict=True)), qrels, document_of)[MAIN]
    cache.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def collection(folder: Path) -> tuple[list[Passage], dict[str, str], Qrels]:
    """Passages, questions by id, and what is relevant, of a folder of the benchmark data."""
    documents = gather(folder / "corpus.jsonl")
    questions = read_questions(folder / "queries.jsonl").questions
    known = {item.id for item in documents.documents}
    qrels = read_qrels(
        folder / "qrels.tsv", {item.id for item in questions}, known, documents.repeats
    ).qrels
    return list(split_all(documents.documents)), {item.id: item.text for item in questions}, qrels


def verdict(values: Values, limits: Mapping[str, float]) -> Verdict:
    """What the rules say of these figures."""
    n = len(next(iter(values.values())))
    ordered = {name: values[name] for name in by_cost(values)}
    found = compare(ordered, [""] * n, MAIN, limits["useful_margin"])
    return decide(Measured(LARGE, n, list(ordered), found), limits)


def agreement(values: Values, limits: Mapping[str, float], draws: int) -> dict[str, Any]:
    """How often the verdict on a draw of 50 questions is the one on all of them."""
    whole = verdict(values, limits)
    dice = np.random.default_rng(0)
    table = {name: np.asarray(column) for name, column in values.items()}
    n = len(next(iter(table.values())))
    said: Counter[str] = Counter()
    for _ in range(draws):
        drawn = dice.choice(n, min(DRAWN, n), replace=False)
        found = verdict({name: column[drawn].tolist() for name, column in table.items()}, limits)
        said[found.retriever or "cannot tell"] += 1
    agrees, open_ = said[whole.retriever or "cannot tell"], said["cannot tell"]
    fine = agrees + (open_ if whole.retriever else 0)
    return {
        "means": {name: round(float(column.mean()), 4) for name, column in table.items()},
        "questions": n,
        "all": whole.retriever,
        "because": whole.because,
        "said": dict(said),
        "agrees": round(agrees / draws, 4),
        "cannot_tell": round(open_ / draws, 4),
        "agrees_or_cannot_tell": round(fine / draws, 4),
    }


def measure(
    folders: Sequence[Path], names: Sequence[str], cache: Path, draws: int
) -> dict[str, Any]:
    """Every collection with all retrievers, and with each pair of them."""
    limits = default_rulebook().limits(default_rulebook().latest())
    found: dict[str, Any] = {}
    for folder in folders:
        values = {name: figures(folder, name, cache) for name in by_cost(names)}
        choices = [tuple(values), *combinations(values, 2)] if len(values) > 2 else [tuple(values)]
        found[folder.name] = {
            " ".join(chosen): agreement({name: values[name] for name in chosen}, limits, draws)
            for chosen in choices
        }
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the last line of the output is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", type=Path, nargs="+", help="folders of collections")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--retrievers", default=",".join(STAND_INS))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "probe-figures")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    given = parser.parse_args(arguments)
    data = data_folder(given.data) / "retrieval"
    folders = given.collection or sorted(path for path in data.glob("*") if path.is_dir())
    absent = [path for path in folders if not (path / "corpus.jsonl").is_file()]
    if absent or not folders:
        return missing(absent[0] if absent else data)
    started = time.perf_counter()
    found = measure(folders, given.retrievers.split(","), given.cache, given.draws)
    every = [case for cases in found.values() for case in cases.values()]
    worst = min(case["agrees_or_cannot_tell"] for case in every)
    if not given.json:
        tell(found)
    head = {"draws": given.draws, "drawn": DRAWN, "worst": worst, "collections": found}
    print(json.dumps({**head, "seconds": round(time.perf_counter() - started, 1)}))
    return 0


def tell(found: Mapping[str, Any]) -> None:
    """A line for each collection and choice of retrievers."""
    for folder, cases in found.items():
        for chosen, case in cases.items():
            means = " ".join(f"{value:.3f}" for value in case["means"].values())
            share = f"{case['agrees']:.2f} + {case['cannot_tell']:.2f}"
            print(f"{folder:13} {chosen:50} {means:24} {case['all'] or 'cannot tell':16} {share}")


if __name__ == "__main__":
    sys.exit(main())
