"""A language model's second opinion: whom to ask, what its word is worth, and shares put right.

Files and stored logs share this; it knows neither database nor web. The judge is asked about
records that the rules leave uncertain; its word counts for these alone, only where people's labels
say how often it is right, and never against a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from advisor_rules.records import classify_record, compile_record_rules
from advisor_rules.rulebook import Rulebook
from app.errors import Conflict
from evidence.diagnose import Diagnosed
from evidence.judge import Calibration, Opinion, Rates, corrected_share, observations
from evidence.judge.calibration import LABELS
from evidence.judge.signals import SIGNALS
from evidence.signals import Observation
from evidence.stats import Share, wilson
from evidence.summary import Tally

if TYPE_CHECKING:
    from evidence.judge.client import Endpoint

SIDES = ("information", "behavior")
MOST_SILENT = 20
"""Records in a row without an answer after which no more are asked about."""
HOW = (
    "No language model is set up. Give FORMFACT_JUDGE_URL, an OpenAI-compatible address such as "
    "http://localhost:11434/v1, FORMFACT_JUDGE_MODEL, and FORMFACT_JUDGE_KEY where it asks for one."
)
EXTRA = "Asking a language model needs the extra judge: pip install 'formfact[judge]'."


class Silent(Exception):
    """The judge gave no answer many times in a row; the message says why, for people."""


def why_not(url: str, model: str) -> str:
    """Why no language model can be asked, and what to do; '' where one can."""
    from importlib.util import find_spec

    if not url or not model:
        return HOW
    return "" if find_spec("httpx2") else EXTRA


def endpoint_of(url: str, model: str, key: str) -> Endpoint:
    """Where the judge is. Raises Conflict where there is none, and says what to do."""
    if problem := why_not(url, model):
        raise Conflict(problem)
    from evidence.judge.client import Endpoint

    try:
        return Endpoint(url, model, key)
    except ValueError as error:
        raise Conflict(f"The language model cannot be asked: {error}.") from error


def patient(opinions: Iterable[Opinion]) -> Iterator[Opinion]:
    """The opinions. Raises Silent after MOST_SILENT in a row that were not measured."""
    silent = 0
    for opinion in opinions:
        silent = 0 if opinion.measured else silent + 1
        yield opinion
        if silent >= MOST_SILENT:
            raise Silent(f"{silent} records in a row got no answer: {opinion.why_not}")


# --- one record -------------------------------------------------------------------------------


def without_judge(item: Diagnosed, book: Rulebook) -> Diagnosed:
    """A record as the rules see it by what the detectors alone observed."""
    return classified(item.id, (seen for seen in item.signals if seen.signal not in SIGNALS), book)


def with_opinion(
    item: Diagnosed, opinion: Opinion | None, calibration: Calibration | None, book: Rulebook
) -> Diagnosed:
    """A record with what the judge says of it, in place of what a judge said before.

    Its class follows the judge only where the rules leave it open and the judge's word counts.
    """
    base = without_judge(item, book)
    if opinion is None:
        return base
    counting = calibration if base.label == "uncertain" else None
    return classified(base.id, (*base.signals, *observations(opinion, counting)), book)


def classified(name: str, seen: Iterable[Observation], book: Rulebook) -> Diagnosed:
    """The class of a record by what was observed on it."""
    seen = tuple(seen)
    rules = compile_record_rules(book, book.latest())
    found = classify_record(rules, {item.signal: item.value for item in seen})
    return Diagnosed(name, found.label, found.subtype, found.strength, seen, found.rules)


# --- a log ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """Records of a log, repeats left out, by what decides them."""

    judged: Mapping[tuple[str | None, str | None], int]
    """What a judge says of (facts, form) of records that are otherwise uncertain -> how many."""
    settled: Mapping[str, int]
    """The class by rules or people -> how many."""


def judge_report(
    model: str,
    prompt: str,
    asked: int,
    answered: int,
    calibration: Calibration | None,
    counted: Counted,
) -> dict[str, Any]:
    """What a summary says of a judge, as JSON has it.

    ``raw`` is its word on the uncertain records as it is; ``corrected``, None until enough people
    labelled, has for each side the shares of ``uncertain`` records and of the whole ``log`` (of
    those that rules, people or the judge can tell), each ``raw`` and ``corrected``.
    """
    judged = {side: _judged(counted.judged, place) for place, side in enumerate(SIDES)}
    enough = calibration is not None and calibration.enough
    return {
        "model": model,
        "prompt": prompt,
        "asked": asked,
        "answered": answered,
        "unmeasured": asked - answered,
        "calibration": _calibration_data(calibration),
        "raw": {side: _data(wilson(*judged[side])) for side in SIDES},
        "corrected": {
            side: _corrected(side, judged[side], counted.settled, calibration) for side in SIDES
        }
        if calibration and enough
        else None,
    }


def by_rules_and_people(summary: dict[str, Any], book: Rulebook) -> dict[str, Any]:
    """A log's summary with what a judge alone decides counted as uncertain again.

    Facts of a case rest on it: a second opinion moves shares, with its errors shown beside them,
    and settles nothing.
    """
    decided = (summary.get("judge") or {}).get("decided")
    if not decided:
        return summary
    tally = Tally()
    tally.records = summary["records"]
    tally.labels.update({label: item["count"] for label, item in summary["labels"].items()})
    tally.subtypes.update({name: item["count"] for name, item in summary["subtypes"].items()})
    for label, subtypes in decided.items():
        for subtype, count in subtypes.items():
            tally.labels.update({label: -count, "uncertain": count})
            tally.subtypes.subtract(dict.fromkeys(filter(None, subtype.split("+")), count))
    tally.subtypes = +tally.subtypes
    counted = tally.summary(book)
    return summary | {name: counted[name] for name in ("labels", "failing", "subtypes")}


def _judged(said: Mapping[tuple[str | None, str | None], int], place: int) -> tuple[int, int]:
    """How often the judge says "wrong" on one side, and how often it tells at all."""
    told = {key[place]: 0 for key in said}
    for key, count in said.items():
        told[key[place]] += count
    wrong, right = told.get("wrong", 0), told.get("right", 0)
    return wrong, wrong + right


def _corrected(
    side: str, judged: tuple[int, int], settled: Mapping[str, int], calibration: Calibration
) -> dict[str, Any]:
    rates: Rates = getattr(calibration, side)
    raw = wilson(*judged)
    right = corrected_share(raw, rates.true_positive, rates.false_positive)
    rest = _settled(settled, SIDES.index(side))
    return {
        "uncertain": {"raw": _data(raw), "corrected": _data(right)},
        "log": {"raw": _data(joined(raw, rest)), "corrected": _data(joined(right, rest))},
    }


def _settled(settled: Mapping[str, int], place: int) -> Share | None:
    known = {label: count for label, count in settled.items() if label in LABELS}
    wrong = sum(count for label, count in known.items() if LABELS[label][place])
    return wilson(wrong, sum(known.values()))


def joined(first: Share | None, second: Share | None) -> Share | None:
    """The share over two groups together, each weighing as much as it has records.

    The interval follows from those of the two (MOVER: Zou & Donner 2008, Construction of confidence
    limits about effect measures, Statistics in Medicine 27: 1693-1702), so it holds what is not
    known of a judge's rates. None where the first was not measured.
    """
    if first is None or second is None:
        return first
    n = first.n + second.n
    parts = [(first, first.n / n), (second, second.n / n)]
    value = sum(weight * share.share for share, weight in parts)
    below = sqrt(sum((weight * (share.share - share.low)) ** 2 for share, weight in parts))
    above = sqrt(sum((weight * (share.high - share.share)) ** 2 for share, weight in parts))
    return Share(round(value * n), n, value, max(0.0, value - below), min(1.0, value + above))


def _calibration_data(found: Calibration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    counts = {"information": found.facts_count, "behavior": found.form_counts}
    return {
        "n": found.n,
        "needed": found.needed,
        "missing": max(0, found.needed - found.n),
        "enough": found.enough,
        **{side: _rates_data(getattr(found, side)) | {"counts": counts[side]} for side in SIDES},
    }


def _rates_data(rates: Rates) -> dict[str, Any]:
    return {
        "true_positive": _data(rates.true_positive),
        "false_positive": _data(rates.false_positive),
    }


def _data(share: Share | None) -> dict[str, Any] | None:
    return None if share is None else share.data()
