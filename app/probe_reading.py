"""A probe's result as a report tells it: the verdict, every retriever, the pairs, what fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app import probe_words
from app.drawing.retrievers import Row, figures
from app.probe_words import retriever_title

SHOWN = ("ndcg@10", "mrr@10", "recall@1", "recall@10")
WEAK = "Relevance is weak: guessed from reference answers, not judged by anybody."


@dataclass(frozen=True, slots=True)
class Line:
    """A retriever and its figures, each with its interval in words."""

    title: str
    figures: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Miss:
    """A reason why questions fail with the retriever that is spoken of."""

    title: str
    count: int
    remedy: str


@dataclass(frozen=True, slots=True)
class ProbeReading:
    """What a probe says."""

    headline: str
    because: str
    measured: str
    weak: str
    metrics: tuple[str, ...]
    lines: tuple[Line, ...]
    pairs: tuple[str, ...]
    spoken_of: str
    failed: int
    questions: int
    misses: tuple[Miss, ...]
    picture: Markup


def read_probe(result: Mapping[str, Any]) -> ProbeReading:
    """The result (of ``evidence.retrieval.probe``) in words."""
    verdict, found = result["verdict"], result["retrievers"]
    chosen = verdict["retriever"] or verdict["begin_with"] or next(iter(found))
    metrics = [name for name in SHOWN if all(name in item for item in found.values())]
    margin = float(result["settings"]["useful_margin"])
    misses = result["misses"][chosen]
    return ProbeReading(
        headline=probe_words.headline(verdict, len(found)),
        because=probe_words.because(verdict),
        measured=probe_words.measured_words(result),
        weak=WEAK if result["relevance"]["kind"] == "weak" else "",
        metrics=tuple(probe_words.METRICS[name][0] for name in metrics),
        lines=tuple(_line(name, item, metrics, chosen) for name, item in found.items()),
        pairs=tuple(probe_words.pair_words(pair, margin) for pair in result["comparisons"]),
        spoken_of=retriever_title(chosen),
        failed=misses["failed"],
        questions=misses["questions"],
        misses=tuple(_misses(misses["reasons"])),
        picture=_picture(found, chosen),
    )


def _line(name: str, found: Mapping[str, Any], metrics: list[str], chosen: str) -> Line:
    words = tuple(probe_words.number_words(found[metric]) for metric in metrics)
    return Line(retriever_title(name), words, name == chosen)


def _misses(reasons: Mapping[str, Any]) -> list[Miss]:
    """Every reason, and below a reason with signs the signs, since those have the remedies."""
    found = []
    for name, reason in reasons.items():
        title = probe_words.REASON_TITLES.get(name, name)
        signs = reason.get("signs") or {}
        found += [
            Miss(f"{title}: {probe_words.SIGN_TITLES.get(key, key)}", item["count"], item["remedy"])
            for key, item in signs.items()
        ] or [Miss(title, reason["count"], reason["remedy"])]
    return found


def _picture(found: Mapping[str, Any], chosen: str) -> Markup:
    main = "ndcg@10"
    rows = []
    for name, item in found.items():
        value, low, high = (item[main][end] for end in ("value", "low", "high"))
        rows.append(Row(retriever_title(name), value, low, high, chosen=name == chosen))
    return figures(rows, "probe-figures", probe_words.METRICS[main][0])
