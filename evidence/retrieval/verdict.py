"""Which retriever to use, by rule, from what a probe measured.

Where all documents fit into the prompt, put them there and cache it. Else BM25, unless another
retriever is better by more than noise and by a useful margin; one that combines others only where
it beats those as well. Where the questions are too few to say, the verdict says that, and how many
more to judge. The numbers are thresholds of the rulebook: ``stuffing_limit``, ``useful_margin``
and ``min_judged_questions``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from evidence.retrieval.compare import ALPHA, Comparison

CHEAPEST_FIRST = ("bm25", "endpoint", "run_file", "embedding", "hybrid", "rerank")
"""What a retriever costs to build and to run, in order; others come last."""

Decision = Literal["stuff_prompt", "retrieve", "cannot_tell"]
Standing = Literal["better", "no_better", "open"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to use, and why."""

    decision: Decision
    retriever: str | None
    """None where nothing is to be retrieved, or where nobody can tell."""
    because: str
    begin_with: str | None
    """What to use until more is known, or once the documents have outgrown the prompt."""
    judge_more: int
    """Further questions to judge before the answer can be expected; 0 where it is there."""
    questions: int
    weak: bool
    """Whether relevance was guessed from reference answers: then this is a hint."""
    beats: str = ""
    """Where nobody can tell: the cheapest retriever, if the one to begin with surely beats it."""

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the verdict is made from."""

    tokens: int
    """Of all documents."""
    questions: int
    """Judged ones."""
    retrievers: Sequence[str]
    comparisons: Sequence[Comparison]
    weak: bool = False


def by_cost(names: Iterable[str]) -> list[str]:
    """Names of retrievers, the cheapest first; one like ``rerank:hybrid`` counts as its kind."""
    places = {name: place for place, name in enumerate(CHEAPEST_FIRST)}
    return sorted(names, key=lambda name: (places.get(name.partition(":")[0], len(places)), name))


def limits_within(limits: Mapping[str, float], window: float | None) -> dict[str, float]:
    """The thresholds, where the model reads no more than ``window`` tokens: then no more fits."""
    fits = limits["stuffing_limit"] if window is None else min(window, limits["stuffing_limit"])
    return {**limits, "stuffing_limit": fits}


def decide(measured: Measured, limits: Mapping[str, float]) -> Verdict:
    """The verdict, from the rulebook's numbers in force; raises ValueError without a retriever."""
    if not measured.retrievers:
        raise ValueError("no retriever was measured")
    found = _among_retrievers(measured, limits)
    limit = limits["stuffing_limit"]
    if measured.tokens > limit:
        return found
    why = (
        f"All documents have about {measured.tokens:,} tokens and fit into the prompt whole (up to "
        f"{limit:,.0f}): put them there, cache it, and retrieve nothing. Once they outgrow it: "
    )
    begin = found.retriever or found.begin_with
    return _verdict("stuff_prompt", None, why + found.because, measured, begin)


def _verdict(
    decision: Decision,
    retriever: str | None,
    because: str,
    measured: Measured,
    begin: str | None,
    more: int = 0,
) -> Verdict:
    if measured.weak and decision != "stuff_prompt":
        because += " Relevance was guessed from reference answers: judge some questions to be sure."
    return Verdict(
        decision, retriever, because, begin, more, measured.questions, weak=measured.weak
    )


def _among_retrievers(measured: Measured, limits: Mapping[str, float]) -> Verdict:
    least = int(limits["min_judged_questions"])
    order = by_cost(measured.retrievers)
    if measured.questions < least:
        more = least - measured.questions
        why = f"{_count(measured.questions)} to tell by, too few: judge {more:,} more."
        return _verdict("cannot_tell", None, why, measured, order[0], more)
    table = _Table(measured.comparisons, limits["useful_margin"])
    choice = _choice(order, table)
    doubts = [name for name in order if name != choice and _doubtful(name, choice, order, table)]
    if doubts:
        return _unsettled(measured, table, choice, order, doubts)
    return _verdict("retrieve", choice, _because(order, choice, table), measured, choice)


class _Table:
    """The comparisons, to be asked either way round."""

    def __init__(self, comparisons: Iterable[Comparison], margin: float) -> None:
        self.margin = margin
        self._pairs: dict[tuple[str, str], Comparison] = {}
        for item in comparisons:
            self._pairs[item.a, item.b] = item
            self._pairs[item.b, item.a] = item.turned()

    def of(self, one: str, other: str) -> Comparison:
        """By how much one is above the other."""
        return self._pairs[one, other]

    def beyond_noise(self, one: str, other: str) -> bool:
        """Whether one is above the other by more than chance would give."""
        pair = self.of(one, other)
        return pair.p_corrected < ALPHA and pair.low > 0

    def standing(self, one: str, other: str) -> Standing:
        """Whether one is better than the other by more than noise and by a useful margin.

        Where enough questions were judged to show a useful margin, the difference itself says on
        which side of it they are; with fewer, the whole interval has to be on that side. Of 200
        draws of 50 questions 44% called a gain of 0.028 useful before that was asked for.
        """
        pair = self.of(one, other)
        enough = pair.needed is not None and pair.n >= pair.needed
        least, most = (pair.difference,) * 2 if enough else (pair.low, pair.high)
        if least >= self.margin and self.beyond_noise(one, other):
            return "better"
        return "no_better" if most < self.margin or pair.high < self.margin else "open"


def _choice(order: Sequence[str], table: _Table) -> str:
    """From the cheapest on, each retriever that beats what was chosen and all that is cheaper."""
    choice = order[0]
    for place, name in enumerate(order[1:], 1):
        if _beats(name, choice, order[:place], table):
            choice = name
    return choice


def _beats(name: str, choice: str, cheaper: Sequence[str], table: _Table) -> bool:
    """Whether one is usefully better than the choice and the cheapest, and above the others.

    Those that are known to be no better than the cheapest need not be beaten.
    """
    base = cheaper[0]
    others = [other for other in cheaper[1:] if other != choice]
    return all(table.standing(name, other) == "better" for other in {choice, base}) and all(
        table.beyond_noise(name, other) or table.standing(other, base) == "no_better"
        for other in others
    )


def _doubtful(name: str, choice: str, order: Sequence[str], table: _Table) -> bool:
    """Whether a dearer retriever could still turn out to be the better choice."""
    dearer = order.index(name) > order.index(choice)
    return dearer and table.standing(name, choice) != "no_better"


def _unsettled(
    measured: Measured, table: _Table, choice: str, order: Sequence[str], doubts: Sequence[str]
) -> Verdict:
    wanted = [table.of(name, choice).needed or 0 for name in doubts]
    wanted += [
        table.of(a, b).needed or 0
        for a in doubts
        for b in doubts
        if a != b and table.standing(a, choice) == "better"
    ]
    more = max(1, max(wanted) - measured.questions)
    doubted = " and ".join(_words(table.of(name, choice)) for name in doubts)
    why = (
        f"Not enough questions to tell: judge {more:,} more. On {measured.questions:,}, {doubted}; "
        f"a useful gain is {table.margin:g}. Until then begin with {choice}"
    )
    why += ", which is the cheapest." if choice == order[0] else f", which beats {order[0]}."
    found = _verdict("cannot_tell", None, why, measured, choice, more)
    return found if choice == order[0] else replace(found, beats=order[0])


def _because(order: Sequence[str], choice: str, table: _Table) -> str:
    others = [name for name in order if name != choice]
    if not others:
        return f"Only {choice} was measured: nothing to compare it with."
    found = "; ".join(_words(table.of(name, choice)) for name in others)
    if choice == order[0]:
        return (
            f"Nothing is better than {choice} by more than noise and by a useful margin "
            f"({table.margin:g}): {found}."
        )
    return f"{choice} is better by more than noise and by a useful margin: {found}."


def _words(pair: Comparison) -> str:
    side = "above" if pair.difference >= 0 else "below"
    return (
        f"{pair.a} is {abs(pair.difference):.3f} {pair.metric} {side} {pair.b} "
        f"(95% interval {pair.low:+.3f} to {pair.high:+.3f})"
    )


def _count(questions: int) -> str:
    return "1 judged question" if questions == 1 else f"{questions:,} judged questions"
