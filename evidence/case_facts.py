"""What a diagnosed log establishes about the application: measured facts, with their evidence.

A fact is stated only where the log is large enough to say it. Records whose class stays uncertain
count as if they could be anything: they widen what is stated, and never settle it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from advisor_rules.model import FactValue, Value
from advisor_rules.rulebook import Rulebook
from evidence.stats import Share, wilson

SIDE_FACTS = {"information": "facts_wrong", "behavior": "form_wrong"}
SHARE_FACTS = {"information": "information_share", "behavior": "behavior_share"}


def measured_facts(
    summary: Mapping[str, Any], book: Rulebook, log: str, as_of: date | None = None
) -> dict[str, FactValue]:
    """Facts of the application that a summary (of ``evidence.summary``) establishes.

    ``log`` names the log in the evidence. Nothing is stated where fewer failing records than the
    threshold ``min_diagnosed_failures`` could be classified.
    """
    limits = book.limits(as_of or book.latest())
    failing = int(summary["failing"]["n"])
    found: dict[str, Value] = {}
    evidence: dict[str, str] = {}
    if failing >= limits["min_diagnosed_failures"]:
        for side in SIDE_FACTS:
            _state_side(summary, side, limits["kind_counts"], log, found, evidence)
        _state_subtypes(summary, book, limits["kind_counts"], log, found, evidence)
    _state_reviewed(summary, log, found, evidence)
    known = book.facts
    return {
        name: FactValue(value, "measured", evidence[name])
        for name, value in found.items()
        if name in known
    }


def _state_side(
    summary: Mapping[str, Any],
    side: str,
    limit: float,
    log: str,
    found: dict[str, Value],
    evidence: dict[str, str],
) -> None:
    """Whether failures of one side are a real part of the log, and their share."""
    failing, uncertain = summary["failing"], summary["labels"]["uncertain"]["count"]
    count, n = failing[side]["count"], failing["n"]
    words = _words(wilson(count, n), "classified failures", log, uncertain)
    share = SHARE_FACTS[side]
    found[share], evidence[share] = round(count / n, 4), words
    value = _decided(count, n, uncertain, limit)
    if value is not None:
        found[SIDE_FACTS[side]], evidence[SIDE_FACTS[side]] = value, words


def _decided(count: int, n: int, uncertain: int, limit: float) -> bool | None:
    """True: surely a real share, whatever the uncertain ones are. False: surely not. None: open."""
    least, most = wilson(count, n + uncertain), wilson(count + uncertain, n + uncertain)
    if least is None or most is None:
        return None
    if least.low >= limit:
        return True
    return False if most.high < limit else None


def _state_subtypes(
    summary: Mapping[str, Any],
    book: Rulebook,
    limit: float,
    log: str,
    found: dict[str, Value],
    evidence: dict[str, str],
) -> None:
    """Facts of which some subtypes are a real part of the failures; only ever stated as true."""
    counts: dict[str, int] = {}
    n: dict[str, int] = {}
    titles: dict[str, list[str]] = {}
    for name, entry in summary["subtypes"].items():
        subtype = book.subtypes.get(name)
        if subtype and subtype.fact and subtype.fact not in SIDE_FACTS.values():
            counts[subtype.fact] = counts.get(subtype.fact, 0) + entry["count"]
            fails = subtype.failure_class != "neither"
            n[subtype.fact] = summary["failing"]["n"] if fails else summary["records"]
            titles.setdefault(subtype.fact, []).append(subtype.title.lower())
    for fact, count in counts.items():
        share = wilson(min(count, n[fact]), n[fact])
        if share and share.low >= limit:
            found[fact] = True
            kinds = " or ".join(titles[fact])
            evidence[fact] = _words(share, f"classified failures ({kinds})", log, 0)


def _state_reviewed(
    summary: Mapping[str, Any], log: str, found: dict[str, Value], evidence: dict[str, str]
) -> None:
    people = int(summary["labelled_by_people"])
    if people:
        found["failures_reviewed"] = people
        evidence["failures_reviewed"] = f"{people} records of {log!r} were labelled by people"


def _words(share: Share | None, what: str, log: str, uncertain: int) -> str:
    if share is None:
        return f"nothing in {log!r} could be classified"
    text = (
        f"{share.count} of {share.n} {what} in {log!r}: {share.share:.0%}, "
        f"95% interval {share.low:.0%} to {share.high:.0%}"
    )
    return f"{text}; {uncertain} more records stayed uncertain" if uncertain else text
