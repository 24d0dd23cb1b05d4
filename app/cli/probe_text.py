"""What a probe found, as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.probe_words import REASON_TITLES, SIGN_TITLES
from app.words import counted

SHOWN = ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr@10")
Result = Mapping[str, Any]


def probe_text(result: Result) -> str:
    """The verdict, every retriever with its intervals, the differences, and why questions fail."""
    verdict = result["verdict"]
    return "\n".join(
        [
            _headline(verdict),
            verdict["because"],
            "",
            *_table(result["retrievers"]),
            *_differences(result["comparisons"]),
            *_misses(result["misses"], verdict["retriever"] or verdict["begin_with"]),
            *_end(result),
        ]
    )


def _headline(verdict: Result) -> str:
    if verdict["decision"] == "stuff_prompt":
        return "Verdict: put all documents into the prompt and cache it"
    if verdict.get("beats"):
        return f"Verdict: begin with {verdict['begin_with']}, which beats {verdict['beats']}"
    if verdict["decision"] == "cannot_tell":
        return f"Verdict: cannot tell yet, judge {verdict['judge_more']:,} more questions"
    return f"Verdict: {verdict['retriever']}"


def _table(retrievers: Result) -> Iterator[str]:
    yield f"{'':<14}" + "".join(f"{name:>22}" for name in SHOWN)
    for name, found in retrievers.items():
        cells = (_interval(found[metric]) for metric in SHOWN)
        yield f"{name:<14}" + "".join(f"{cell:>22}" for cell in cells)
    for name, found in retrievers.items():
        each = found["queries_per_second"]
        speed = f"{each:,.0f} questions a second" if each else "too fast to time"
        yield f"{name}: indexed in {found['index_seconds']:.1f} s, {speed}"


def _interval(found: Result) -> str:
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _differences(pairs: list[Result]) -> Iterator[str]:
    if pairs:
        yield ""
        yield "Differences (95% intervals; p of a randomisation test, corrected for their number)"
    for pair in pairs:
        yield (
            f"{pair['a'] + ' - ' + pair['b']:<28}{pair['difference']:+.3f} "
            f"[{pair['low']:+.3f}, {pair['high']:+.3f}]  p {pair['p_corrected']:.4f}"
        )


def _misses(misses: Result, name: str) -> Iterator[str]:
    found = misses[name]
    yield ""
    yield f"{counted(found['failed'], 'question')} of {found['questions']:,} fail with {name}"
    for reason, entry in found["reasons"].items():
        yield f"{entry['count']:>6,}  {REASON_TITLES[reason]}"
        if reason != "not_in_top_k":
            yield f"        {entry['remedy']}"
        for sign, inner in entry.get("signs", {}).items():
            elsewhere = inner["found_by_another"]
            also = f"; {elsewhere:,} found by another retriever" if elsewhere else ""
            yield f"{inner['count']:>10,}  {SIGN_TITLES[sign]}{also}"
            yield f"            {inner['remedy']}"


def _end(result: Result) -> Iterator[str]:
    relevance = result["relevance"]
    yield ""
    if relevance["kind"] == "weak":
        yield "Relevance is weak: guessed from reference answers, not judged by anybody."
    for why, count in relevance["not_measured"].items():
        yield f"{counted(count, 'question')} not measured: {why}"
    yield (
        f"{counted(result['documents'], 'document')} (about {result['tokens']:,} tokens), "
        f"{counted(result['passages'], 'passage')}, {counted(result['questions'], 'question')} "
        f"in {result['seconds']:.1f} s."
    )
