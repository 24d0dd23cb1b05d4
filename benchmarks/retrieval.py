"""How well, how fast and in how much memory each retriever finds, beside the plain libraries.

A collection is a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``; every document
is one passage. Each retriever, and each library that it is compared with (``benchmarks/peers_*``),
runs in a process of its own, one after the other. Seconds are those of the clock and, as other
work may share the machine, of the processor too; the peak is above what the passages take. With
``--passages N`` the speed is measured on N passages of 500 characters cut from the collections.
A slow library is asked for ``--peer-seconds``, and its ratio is worked out for all questions.

    python -m benchmarks.retrieval --json
    python -m benchmarks.retrieval --collection DIR... --retrievers bm25 --json
    python -m benchmarks.retrieval --passages 100000 --json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import data_folder, missing
from benchmarks.peers import Subject, peers_of
from evidence.retrieval.shapes import Passage, Qrels, Ranking

NAMES = ("cpp_errors", "cpp_sections", "multihop")
SIZE = 500
QUESTIONS = 1_000
K = 10


@dataclass(frozen=True, slots=True)
class Source:
    """What is searched: a collection, or passages cut from several for the speed alone."""

    folders: tuple[Path, ...]
    passages: int = 0
    """How many passages of 500 characters; 0 is the first folder's documents as they are."""

    @property
    def name(self) -> str:
        """Of the collection."""
        return f"{self.passages}_passages" if self.passages else self.folders[0].name


@dataclass(frozen=True, slots=True)
class Loaded:
    """Passages, questions by id and (where known) what is relevant to them."""

    passages: list[Passage]
    questions: dict[str, str]
    qrels: Qrels


class Ours:
    """A retriever of the project as a subject."""

    def __init__(self, name: str) -> None:
        from evidence.retrieval.retrievers._base import retriever_modules

        self.retriever = retriever_modules()[name].make()

    def index(self, passages: Sequence[Passage]) -> None:
        """Index."""
        self.retriever.index(passages)

    def search(self, questions: Sequence[str]) -> list[Ranking]:
        """Search for all questions at once."""
        return self.retriever.search(questions, K)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def load(source: Source) -> Loaded:
    """Read the source."""
    folder = source.folders[0]
    questions = {row["id"]: row["text"] for row in lines(folder / "queries.jsonl")}
    if source.passages:
        first = dict(list(questions.items())[:QUESTIONS])
        return Loaded(_cut(source), first, {})
    passages = []
    for row in lines(folder / "corpus.jsonl"):
        text, id_ = row["text"], row["id"]
        passages.append(Passage(f"{id_}#0-{len(text)}", id_, 0, len(text), text, row["title"]))
    return Loaded(passages, questions, _qrels(folder / "qrels.tsv"))


def _qrels(path: Path) -> Qrels:
    qrels: Qrels = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        qrels.setdefault(question, {})[document] = int(grade)
    return qrels


def _cut(source: Source) -> list[Passage]:
    """So many pieces at equal distances, which overlap where there is not text enough."""
    rows = (row for folder in source.folders for row in lines(folder / "corpus.jsonl"))
    text = "\n".join(row["text"] for row in rows)
    step = max(1, (len(text) - SIZE) // source.passages)
    starts = ((n * step) % (len(text) - SIZE) for n in range(source.passages))
    return [
        Passage(f"{n:08}#0-{SIZE}", f"{n:08}", 0, SIZE, text[start : start + SIZE])
        for n, start in enumerate(starts)
    ]


def _subject(retriever: str, peer: str) -> Subject:
    return peers_of(retriever)[peer]() if peer else Ours(retriever)


def measure(source: Source, retriever: str, peer: str, seconds: float) -> dict[str, Any]:
    """One retriever (or peer of it) on one source: figures, and its rankings as passage ids."""
    loaded = load(source)
    subject = _subject(retriever, peer)
    before = _peak(reset=True)
    clocks = [_clocks()]
    subject.index(loaded.passages)
    clocks.append(_clocks())
    texts = list(loaded.questions.values())
    rankings = _asked(subject, texts, seconds if peer else None)
    clocks.append(_clocks())
    peak = _peak() - before
    found: dict[str, Any] = {"asked": len(rankings), **_speeds(clocks, len(rankings), len(texts))}
    found["peak_mb"] = round(peak, 1)
    if loaded.qrels and len(rankings) == len(texts):
        found |= _quality(loaded, rankings)
    if isinstance(subject, Ours):
        found["settings"] = subject.retriever.describe()
    return {"figures": found, "rankings": [[hit.passage for hit in each] for each in rankings]}


def _asked(subject: Subject, texts: Sequence[str], seconds: float | None) -> list[Ranking]:
    answered = subject.search(texts)
    if isinstance(answered, list):
        return answered
    rankings = []
    end = None if seconds is None else time.perf_counter() + seconds
    for ranking in answered:
        rankings.append(ranking)
        if end is not None and time.perf_counter() > end:
            break
    return rankings


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _speeds(clocks: Sequence[tuple[float, float]], asked: int, questions: int) -> dict[str, float]:
    """Seconds of the clock and of the processor; ``total`` is for all questions."""
    figures = {}
    for place, suffix in enumerate(("", "_cpu")):
        start, indexed, end = (each[place] for each in clocks)
        search = max(end - indexed, 1e-9)
        figures[f"index_seconds{suffix}"] = round(indexed - start, 3)
        figures[f"queries_per_second{suffix}"] = round(asked / search, 1)
        figures[f"total_seconds{suffix}"] = round(indexed - start + search / asked * questions, 3)
    return figures


def _quality(loaded: Loaded, rankings: Sequence[Ranking]) -> dict[str, float]:
    from evidence.retrieval.metrics import evaluate

    documents = {passage.id: passage.document for passage in loaded.passages}
    by_question = dict(zip(loaded.questions, rankings, strict=True))
    found = evaluate(by_question, loaded.qrels, documents)
    return {metric: round(sum(each) / len(each), 4) for metric, each in found.items()}


def _peak(*, reset: bool = False) -> float:
    """The process's peak memory in MB since the last reset, where the system can reset it."""
    if reset:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    with suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(source: Source, retriever: str, peer: str, seconds: float) -> dict[str, Any]:
    """`measure` in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, source, retriever, peer, seconds).result()


def compare(source: Source, retrievers: Sequence[str], seconds: float) -> dict[str, Any]:
    """Every retriever on one source, each beside its peers."""
    result: dict[str, Any] = {}
    for name in retrievers:
        ours = alone(source, name, "", seconds)
        peers = {peer: alone(source, name, peer, seconds) for peer in peers_of(name)}
        ratios = {peer: _ratio(ours, theirs) for peer, theirs in peers.items()}
        figures = {peer: theirs["figures"] for peer, theirs in peers.items()}
        result[name] = {**ours["figures"], "peers": figures, "ratio_to": ratios}
    return result


def _ratio(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """How many times as fast ours is, index and all questions together; and the same top ten."""
    a, b = ours["figures"], theirs["figures"]
    pairs = list(zip(ours["rankings"], theirs["rankings"], strict=False))
    shared = [len({*one} & {*other}) / len(one) for one, other in pairs if one]
    return {
        "times_as_fast": round(b["total_seconds"] / a["total_seconds"], 2),
        "times_as_fast_cpu": round(b["total_seconds_cpu"] / a["total_seconds_cpu"], 2),
        "peak": round(a["peak_mb"] / max(b["peak_mb"], 0.1), 2),
        "overlap@10": round(sum(shared) / max(len(shared), 1), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the last line of the output is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", type=Path, nargs="+", help="folders of collections")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--retrievers", default="bm25", help="names, separated by commas")
    parser.add_argument("--passages", type=int, default=0, help="measure the speed on so many")
    parser.add_argument("--peer-seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    given = parser.parse_args(arguments)
    folder = data_folder(given.data) / "retrieval"
    folders = tuple(given.collection or (folder / name for name in NAMES))
    absent = [each for each in folders if not (each / "corpus.jsonl").is_file()]
    if absent:
        return missing(absent[0])
    names = [name.strip() for name in given.retrievers.split(",") if name.strip()]
    sources = [Source((each,)) for each in folders]
    if given.passages:
        largest = max(folders, key=lambda each: (each / "corpus.jsonl").stat().st_size)
        rest = [each for each in folders if each != largest]
        sources = [Source((largest, *rest), given.passages)]
    result = {each.name: compare(each, names, given.peer_seconds) for each in sources}
    if not given.json:
        tell(result)
    print(json.dumps({"collections": result}))
    return 0


def tell(result: dict[str, Any]) -> None:
    """The main figures as a small table."""
    head = ("nDCG@10", "R@10", "index s", "q/s", "total s", "cpu s", "peak MB", "times")
    print(f"{'':36}" + "".join(f"{each:>10}" for each in head))
    for collection, retrievers in result.items():
        for name, figures in retrievers.items():
            _row(f"{collection} {name}", figures, None)
            for peer, theirs in figures["peers"].items():
                _row(f"  {peer}", theirs, figures["ratio_to"][peer]["times_as_fast_cpu"])


def _row(label: str, figures: dict[str, Any], times: float | None) -> None:
    names = ("ndcg@10", "recall@10", "index_seconds", "queries_per_second")
    cells = [figures.get(name) for name in (*names, "total_seconds", "total_seconds_cpu")]
    shown = [*cells, figures["peak_mb"], times]
    print(f"{label:36}" + "".join(f"{'-' if each is None else each:>10}" for each in shown))


if __name__ == "__main__":
    sys.exit(main())
