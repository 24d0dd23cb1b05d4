"""What a failure log says, as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor_rules.model import CLASSES
from app.judge_words import judge_lines
from app.log_words import CLASS_NAMES, headline, needed_words, range_words
from app.words import counted

MOST_SKIPPED = 10
MOST_SUBTYPES = 12
Summary = Mapping[str, Any]


def log_text(summary: Summary) -> str:
    """The headline, the shares with their intervals, the kinds of failure, what was left out."""
    judge = judge_lines(summary["judge"]) if summary.get("judge") else ()
    return "\n".join(
        [headline(summary), "", *_classes(summary), *_subtypes(summary), *judge, *_end(summary)]
    )


def _classes(summary: Summary) -> Iterator[str]:
    yield f"{'Class':<14}{'records':>9}   share of all, with its 95% interval"
    for label in CLASSES:
        found = summary["labels"][label]
        yield f"{CLASS_NAMES[label]:<14}{found['count']:>9,}   {range_words(found)}"


def _subtypes(summary: Summary) -> Iterator[str]:
    found = list(summary["subtypes"].values())
    if found:
        yield ""
        yield "Kinds"
    for kind in found[:MOST_SUBTYPES]:
        yield f"{kind['title']:<30}{kind['count']:>9,}   {range_words(kind)}"
    if len(found) > MOST_SUBTYPES:
        yield f"and {len(found) - MOST_SUBTYPES} more"


def _end(summary: Summary) -> Iterator[str]:
    yield ""
    yield needed_words(summary)
    if summary["repeats"]:
        said = "record repeats an earlier one", "records repeat earlier ones"
        yield f"{counted(summary['repeats'], *said)}; the same content counts once."
    yield from summary["warnings"][:MOST_SKIPPED]
    if summary["skipped_rows"]:
        yield f"{counted(summary['skipped_rows'], 'row')} could not be read:"
        for row in summary["skipped"][:MOST_SKIPPED]:
            yield f"  line {row['line']}: {row['why']}"
        if summary["skipped_rows"] > MOST_SKIPPED:
            yield "  and more; --json names them"
    rulebook = summary["rulebook"]
    yield (
        f"{counted(summary['records'], 'record')} in {summary['seconds']:.1f} s, "
        f"rulebook {rulebook['version']} ({rulebook['hash']})."
    )
