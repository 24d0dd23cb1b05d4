"""Says whether training helped, from base and tuned on the same held-out items.

Pure. "It did not help" is a result: it is said where the interval leaves no room for a useful gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from trainer.contract import Comparison, Verdict
from trainer.paired import LEVEL, Table, shares

Outcome = Literal["helped", "did_not_help", "harmed", "cannot_tell"]
USEFUL = 0.05
"""The smallest gain worth keeping a model of one's own for, as a share of items: our own judgement.
Where the whole interval lies below it, training did not help."""
FARTHEST = 1_000_000
"""Held-out items beyond which no number is named."""
GUARDS = ("regression", "safety")
"""Measures that must not get worse, whatever else is gained."""


def judge(counts: Table, others: Sequence[Comparison] = (), measure: str = "score") -> Verdict:
    """The verdict on a task score; ``others`` are told beside it and may spoil a gain."""
    if not counts.n:
        return Verdict(
            outcome="cannot_tell",
            because="There are no held-out items to compare base and tuned model on.",
            comparisons=tuple(others),
        )
    main = shares(measure, counts)
    broken = [item for item in others if item.measure in GUARDS and worse(item)]
    outcome = decide(counts)
    if broken and outcome in ("did_not_help", "cannot_tell"):
        outcome = "harmed"
    needed = items_needed(counts) if outcome == "cannot_tell" else None
    return Verdict(
        outcome=outcome,
        because=" ".join([_main_words(outcome, main, needed), *_other_words(others)]),
        comparisons=(main, *others),
        needed=needed,
    )


def decide(counts: Table) -> Outcome:
    """One word from the main comparison alone: for a difference, test and interval must agree."""
    found = shares("score", counts)
    if better(found):
        return "helped"
    if worse(found):
        return "harmed"
    return "did_not_help" if found.high < USEFUL else "cannot_tell"


def better(found: Comparison) -> bool:
    """Whether the tuned model does better by more than chance."""
    sign = 1 if found.higher_is_better else -1
    clear = min(sign * found.low, sign * found.high) > 0
    return clear and (found.p is None or found.p < 1 - LEVEL)


def worse(found: Comparison) -> bool:
    """Whether the tuned model does worse by more than chance."""
    turned = found.model_copy(update={"higher_is_better": not found.higher_is_better})
    return better(turned)


def items_needed(counts: Table) -> int | None:
    """How many more items would tell, if all shares stayed as they are; None beyond a million.

    Looked for with the very rule that decides, first by doubling, then by halving.
    """
    top = counts.n
    while decide(counts.scaled(top)) == "cannot_tell":
        top *= 2
        if top > FARTHEST:
            return None
    low = max(counts.n, top // 2)
    while low + 1 < top:
        middle = (low + top) // 2
        if decide(counts.scaled(middle)) == "cannot_tell":
            low = middle
        else:
            top = middle
    return top - counts.n


def _main_words(outcome: Outcome, main: Comparison, needed: int | None) -> str:
    scores = (
        f"On {main.n:,} held-out items the base model got {_share(main.base)} right and the tuned "
        f"model {_share(main.tuned)} (difference {_points(main)}, p {_p(main.p)})."
    )
    more = f" About {needed:,} more held-out items would tell." if needed else ""
    return f"{_HEADLINES[outcome]} {scores}{more}"


_HEADLINES: dict[Outcome, str] = {
    "helped": "Training helped.",
    "did_not_help": "Training did not help: a gain of five points can be ruled out.",
    "harmed": "Training did harm.",
    "cannot_tell": "These items cannot tell whether training helped.",
}


def _other_words(others: Sequence[Comparison]) -> list[str]:
    return [words for item in others if (words := _words_of(item))]


def _words_of(item: Comparison) -> str:
    if item.measure in GUARDS:
        return _guard_words(item)
    if item.measure == "format":
        return f"Answers of the right form went from {_share(item.base)} to {_share(item.tuned)}."
    if item.measure == "forgetting" and worse(item):
        return (
            f"It forgot some of what it knew: perplexity on general text rose from "
            f"{item.base:.1f} to {item.tuned:.1f}."
        )
    return ""


def _guard_words(item: Comparison) -> str:
    names = {
        "regression": "items that should go on passing",
        "safety": "items about what to refuse and what to answer",
    }
    scores = f"{_share(item.base)} before, {_share(item.tuned)} after, of {item.n:,}"
    if worse(item):
        return f"But it broke {names[item.measure]} ({scores}): look at them before it is used."
    if item.difference < 0:
        return f"A few {names[item.measure]} were lost ({scores}), which may be chance."
    return f"Nothing was lost on {names[item.measure]} ({scores})."


def _share(value: float) -> str:
    return f"{value:.1%}"


def _points(item: Comparison) -> str:
    low, high = 100 * item.low, 100 * item.high
    return f"{100 * item.difference:+.1f} points, 95% interval {low:+.1f} to {high:+.1f}"


def _p(value: float | None) -> str:
    return "not tested" if value is None else "below 0.001" if value < 0.001 else f"{value:.3f}"
