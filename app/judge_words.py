"""What a judge found and what its word is worth, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.log_words import range_words
from app.words import counted

Json = Mapping[str, Any]
SIDES = {"information": "the facts", "behavior": "the form"}
TITLES = {"information": "Facts", "behavior": "Form"}
SAID = {"wrong": "wrong", "right": "right", "cannot_tell": "cannot tell", None: "not measured"}


def asked_words(judge: Json) -> str:
    """How many records it was asked about, and how many answers came."""
    text = f"{judge['model']} was asked about {counted(judge['asked'], 'record')}"
    if not judge["unmeasured"]:
        return f"{text} and answered."
    return f"{text}; {judge['unmeasured']:,} got no answer, which says nothing about them."


def standing_words(calibration: Json | None) -> str:
    """Whether its opinions count, and if not, what is missing."""
    if calibration is None:
        return "Nobody labelled a record that it was asked about, so its opinions do not count."
    if calibration["missing"]:
        labels = counted(calibration["missing"], "more label")
        return f"{labels} until its opinions count."
    counting = [words for side, words in SIDES.items() if calibration[side]["counts"]]
    if not counting:
        return (
            f"Measured by {counted(calibration['n'], 'label')}: it calls sound records wrong as "
            "often as failing ones, or there are not both kinds, so its opinions do not count."
        )
    return f"Measured by {counted(calibration['n'], 'label')}: it counts on {_and(counting)}."


def rate_words(share: Json | None) -> str:
    """A rate with its interval and of how many."""
    return f"{range_words(share)} of {share['n']:,}" if share else "not measured"


def counts_words(sides: Sequence[str]) -> str:
    """Where an opinion on a record counts."""
    if not sides:
        return "does not count"
    return f"counts on {_and([SIDES[side] for side in sides])} where the rules cannot tell"


def corrected_words(corrected: Json | None, side: str, of: str) -> str:
    """A share corrected for the judge's errors, of the ``uncertain`` records or of the ``log``."""
    if corrected is None:
        return "too few labels"
    found = corrected[side][of]["corrected"]
    return range_words(found) if found else "not measured: its word says nothing here"


def judge_lines(judge: Json) -> Iterator[str]:
    """Lines for a terminal."""
    yield ""
    yield asked_words(judge)
    yield standing_words(judge["calibration"])
    for side, words in SIDES.items():
        raw = judge["raw"][side]
        if raw:
            yield f"It calls {words} wrong in {rate_words(raw)} uncertain records."
    for side, found in (judge["corrected"] or {}).items():
        if found["uncertain"]["corrected"]:
            yield (
                f"Corrected for its errors, {SIDES[side]} are wrong in "
                f"{range_words(found['uncertain']['corrected'])} of these and in "
                f"{range_words(found['log']['corrected'])} of the log."
            ).replace("the form are", "the form is")


def _and(words: list[str]) -> str:
    return " and ".join(words)
