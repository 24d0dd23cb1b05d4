"""What the page of a probe shows of its result: pictures with the same as tables, and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app import probe_words
from app.drawing import retrievers as pictures
from app.drawing.retrievers import Pair, Row
from app.probe_words import retriever_title

Json = Mapping[str, Any]
MAIN = "ndcg@10"
"""The metric that is drawn large; retrievers are compared by it."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of every retriever: drawn, and as rows of a table."""

    id: str
    title: str
    about: str
    picture: Markup
    rows: tuple[tuple[str, str], ...]
    """Retriever and its figure with the interval, in words."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair of retrievers compared on the same questions."""

    title: str
    says: str
    figures: str
    p: str


@dataclass(frozen=True, slots=True)
class Speed:
    """What a retriever costs to build and to run, in words with units."""

    title: str
    about: str
    index: str
    rate: str
    memory: str
    hours: str
    price: str
    """Of a million questions, in the currency of the machine's price; '' where none was given."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of why passages are missed."""

    title: str
    count: int
    remedy: str
    elsewhere: int
    """Questions of these whose passage another retriever finds."""
    examples: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason why questions fail: how many, for example which, and what to do."""

    id: str
    title: str
    remedy: str
    count: int
    range: Json
    examples: tuple[Json, ...]
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Misses:
    """Why questions fail with one retriever."""

    name: str
    title: str
    failed: int
    questions: int
    causes: tuple[Cause, ...]


def read_result(result: Json) -> dict[str, Any]:
    """The context that the result gives to ``pages/probe.html``; ``result`` is a probe's JSON."""
    verdict, found = result["verdict"], result["retrievers"]
    chosen = verdict["retriever"] or verdict["begin_with"] or ""
    return {
        "result": result,
        "verdict": verdict,
        "chosen": chosen,
        "because": probe_words.because(verdict),
        "headline": probe_words.headline(verdict, len(found)),
        "weak": result["relevance"]["kind"] == "weak",
        "metrics": [_metric(found, name, chosen) for name in _measured(found)],
        "pairs": [_difference(pair, _margin(result)) for pair in result["comparisons"]],
        "pairs_picture": _pairs_picture(result),
        "margin": _margin(result),
        "speeds": [_speed(name, entry) for name, entry in found.items()],
        "misses": _ordered(result["misses"], chosen),
        "settings": list(_settings(result)),
    }


def by_name(result: Json) -> dict[str, str]:
    """Retriever -> its title, in the order of the result."""
    return {name: retriever_title(name) for name in result["retrievers"]}


def _measured(found: Json) -> list[str]:
    """The metrics that every retriever has, the main one first."""
    return [name for name in probe_words.METRICS if all(name in item for item in found.values())]


def _margin(result: Json) -> float:
    return float(result["settings"]["useful_margin"])


def _metric(found: Json, name: str, chosen: str) -> Metric:
    title, about = probe_words.METRICS[name]
    rows = [
        Row(retriever_title(key), *_ends(item[name]), chosen=key == chosen)
        for key, item in found.items()
    ]
    picture = pictures.figures(rows, f"figures-{name.replace('@', '-')}", title)
    table = tuple(
        (retriever_title(key), probe_words.number_words(item[name])) for key, item in found.items()
    )
    return Metric(name, title, about, picture, table)


def _ends(figure: Json) -> tuple[float, float, float]:
    return figure["value"], figure["low"], figure["high"]


def _difference(pair: Json, margin: float) -> Difference:
    low, high = (f"{pair[end]:+.3f}" for end in ("low", "high"))
    return Difference(
        title=_against(pair),
        says=probe_words.pair_words(pair, margin),
        figures=f"{pair['difference']:+.3f} ({low} to {high})",
        p=probe_words.p_words(pair["p_corrected"]),
    )


def _against(pair: Json) -> str:
    return f"{retriever_title(pair['a'])} against {retriever_title(pair['b'])}"


def _pairs_picture(result: Json) -> Markup:
    pairs = [
        Pair(
            _against(pair),
            pair["difference"],
            pair["low"],
            pair["high"],
            probe_words.beyond_noise(pair),
        )
        for pair in result["comparisons"]
    ]
    title = "Differences in nDCG@10 on the same questions"
    return pictures.differences(pairs, _margin(result), "differences", title)


def _speed(name: str, entry: Json) -> Speed:
    memory = entry.get("index_mb")
    hours = entry.get("machine_hours_per_million_queries")
    price = entry.get("cost_per_million_queries")
    return Speed(
        title=retriever_title(name),
        about=probe_words.ABOUT.get(name.partition(":")[0], ""),
        index=f"{entry['index_seconds']:,.1f} s",
        rate=probe_words.rate_words(entry["queries_per_second"]),
        memory=_memory(memory),
        hours="not known" if hours is None else f"{hours:,.2f} machine hours",
        price="" if price is None else f"{price:,.2f}",
    )


def _memory(megabytes: float | None) -> str:
    if megabytes is None:
        return "not known"
    return f"{megabytes:,.0f} MB" if megabytes >= 1 else "under 1 MB"


def _ordered(misses: Json, chosen: str) -> list[Misses]:
    """Why questions fail with each retriever, the chosen one first."""
    names = sorted(misses, key=lambda name: name != chosen)
    return [_misses(name, misses[name]) for name in names]


def _misses(name: str, found: Json) -> Misses:
    causes = tuple(_cause(key, item) for key, item in found["reasons"].items())
    return Misses(name, retriever_title(name), found["failed"], found["questions"], causes)


def _cause(name: str, found: Json) -> Cause:
    title = probe_words.REASON_TITLES.get(name, name)
    signs = tuple(_sign(key, item) for key, item in found.get("signs", {}).items())
    examples = () if signs else tuple(found["examples"])
    return Cause(name, title, found["remedy"], found["count"], found, examples, signs)


def _sign(name: str, found: Json) -> Sign:
    title = probe_words.SIGN_TITLES.get(name, name)
    examples = tuple(found["examples"])
    return Sign(title, found["count"], found["remedy"], found["found_by_another"], examples)


def _settings(result: Json) -> Iterator[tuple[str, str]]:
    """How it was measured, as (what, value with its unit)."""
    made = result["settings"]
    yield "Passages", f"about {made['size']:,} tokens, {made['overlap']:,} shared with the next"
    yield "Searched", f"the first {made['depth']:,} passages of each retriever"
    budget = made["budget"]
    yield "Room in the prompt", f"{budget:,} tokens" if budget else "the first ten passages"
    yield "All documents", f"about {result['tokens']:,} tokens"
    if made.get("repeated_passages"):
        yield "Repeats", f"{made['repeated_passages']:,} passages say what another says"
    for name, entry in result["retrievers"].items():
        yield retriever_title(name), "; ".join(_described(entry["settings"]))


def _described(settings: Json, deep: int = 2) -> Iterator[str]:
    """A retriever's own settings as ``name value``; lists and objects are opened twice."""
    for key, value in settings.items():
        name = key.replace("_", " ")
        if isinstance(value, Mapping):
            inner = ", ".join(_described(value, deep - 1)) if deep else "…"
            yield f"{name} ({inner})"
        elif isinstance(value, list):
            parts = [
                ", ".join(_described(part, deep - 1)) if isinstance(part, Mapping) else str(part)
                for part in value[:10]
            ]
            yield f"{name} ({'; '.join(parts)})"
        elif value not in (None, "") and key != "retriever":
            yield f"{name} {value}"
