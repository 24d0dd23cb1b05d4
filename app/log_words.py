"""What a diagnosed log says, in plain words: for its page, and for whoever reads it aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor_rules.model import CLASSES
from advisor_rules.rulebook import Rulebook
from app.drawing.interval import percent
from app.words import counted, joined

Json = Mapping[str, Any]

CLASS_NAMES = {
    "information": "Information",
    "behavior": "Behaviour",
    "both": "Both",
    "neither": "Neither",
    "uncertain": "Uncertain",
}
CLASS_WORDS = {
    "information": "The facts in the output are wrong, outdated, missing or unsupported.",
    "behavior": "The facts are right, and the output has the wrong form or does the wrong thing.",
    "both": "The facts are wrong and so is the form.",
    "neither": "The output is sound, or the model is not what failed.",
    "uncertain": "The record does not carry what it takes to tell.",
}
SIDE_WORDS = {"information": "information", "behavior": "behaviour"}
KAPPA = ((0.8, "almost perfect"), (0.6, "substantial"), (0.4, "moderate"), (0.2, "fair"))
"""Words for agreement beyond chance, from the value on: Landis and Koch, 1977."""


def headline(summary: Json) -> str:
    """The log in one sentence."""
    failing = summary["failing"]
    if not summary["records"]:
        return "No record of this log could be read."
    if not failing["n"]:
        return f"None of the {counted(summary['records'], 'record')} is known to fail."
    first, second = sorted(SIDE_WORDS, key=lambda side: -(failing[side]["share"] or 0))
    said = (
        f"{_brief(failing[first])} {_are(failing[first])} a matter of {SIDE_WORDS[first]} and "
        f"{_brief(failing[second])} of {SIDE_WORDS[second]}"
    )
    both = "; some are both" if summary["labels"]["both"]["count"] else ""
    return f"Of {counted(failing['n'], 'failing record')}, {said}{both}."


def range_words(found: Json) -> str:
    """``65% (50% to 77%)``, the interval in brackets."""
    if found.get("share") is None:
        return "not known"
    return f"{percent(found['share'])} ({percent(found['low'])} to {percent(found['high'])})"


def needed_words(summary: Json) -> str:
    """How much more there is to label before it is plain what fails more often."""
    more = summary["needed"]["more"]
    if not summary["failing"]["n"]:
        return "Label a few records by hand: nothing is known to fail yet."
    if more is None:
        return (
            "Information and behaviour fail equally often so far. Label more failing records: no "
            "number can be named that would decide between them."
        )
    if more == 0:
        first, second = sorted(SIDE_WORDS, key=lambda side: -summary["failing"][side]["count"])
        said = f"More failures are of {SIDE_WORDS[first]} than of {SIDE_WORDS[second]}"
        return f"{said}; chance does not explain it."
    records = counted(more, "more failing record")
    return f"Label about {records} to decide between information and behaviour."


def agreement_words(kappa: float | None, pairs: int) -> str:
    """How well two people agree, and what that means."""
    if not pairs:
        return (
            "No record has been labelled by two people yet, so nothing says how far labels agree."
        )
    both = counted(pairs, "record labelled by both", "records labelled by both")
    if kappa is None:
        return (
            f"{both}. Both gave every record the same class, so chance cannot be told from skill."
        )
    return f"Kappa {kappa:.2f} on {both}: {kappa_word(kappa)} agreement beyond chance."


def kappa_word(kappa: float) -> str:
    """The word for a kappa, from poor to almost perfect."""
    for least, word in KAPPA:
        if kappa > least:
            return word
    return "slight" if kappa > 0 else "no"


def subtype_titles(book: Rulebook, text: str) -> str:
    """The titles of the subtypes that are joined by ``+``; an unknown id stands for itself."""
    names = [name for name in text.split("+") if name]
    return joined(book.subtypes[name].title if name in book.subtypes else name for name in names)


def class_rows(summary: Json) -> list[dict[str, Any]]:
    """The classes in their order, each with its words and its share of all records."""
    return [
        {"id": name, "title": CLASS_NAMES[name], "words": CLASS_WORDS[name]}
        | dict(summary["labels"][name])
        for name in CLASSES
    ]


def seconds_words(seconds: float | None) -> str:
    """A duration as a person would say it: ``under a second``, ``40 seconds``, ``3 minutes``."""
    if seconds is None:
        return "not known yet"
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return counted(round(seconds), "second")
    if seconds < 5400:
        return counted(round(seconds / 60), "minute")
    return counted(round(seconds / 3600), "hour")


def size_words(size: int | None) -> str:
    """A size in bytes as ``4.2 MB``, in powers of 1,000."""
    if size is None:
        return "of unknown size"
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= least:
            return f"{size / least:.3g} {unit}"
    return counted(size, "byte")


def _brief(found: Json) -> str:
    """``65% (50 to 77)``: the interval without its signs where they go without saying."""
    low, high = percent(found["low"]), percent(found["high"])
    plain = low.rstrip("%").isdecimal() and high.rstrip("%").isdecimal()
    interval = f"{low.rstrip('%')} to {high.rstrip('%')}" if plain else f"{low} to {high}"
    return f"{percent(found['share'])} ({interval})".replace(" ", "\N{NO-BREAK SPACE}")


def _are(found: Json) -> str:
    return "is" if found["count"] == 1 else "are"
