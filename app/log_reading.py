"""A log's summary as a report tells it: a sentence, the classes, the kinds, what to label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor_rules.model import CLASSES
from app.log_words import CLASS_NAMES, headline, needed_words, range_words

MOST_KINDS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A class or kind of failure, how many records are of it, and its share in words."""

    title: str
    count: int
    share: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a log says."""

    headline: str
    classes: tuple[Line, ...]
    kinds: tuple[Line, ...]
    needed: str


def read_summary(summary: Mapping[str, Any]) -> LogReading:
    """The summary (of ``evidence.summary``) in words."""
    labels, kinds = summary["labels"], list(summary["subtypes"].values())[:MOST_KINDS]
    return LogReading(
        headline=headline(summary),
        classes=tuple(
            Line(CLASS_NAMES[name], labels[name]["count"], range_words(labels[name]))
            for name in CLASSES
        ),
        kinds=tuple(
            Line(kind["title"], kind["count"], range_words(kind), kind["remedy"]) for kind in kinds
        ),
        needed=needed_words(summary),
    )
