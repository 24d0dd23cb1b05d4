"""What a preflight found, arranged for a reader: by weight, and tokens as they are learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from app.drawing.histogram import histogram
from app.words import counted, joined
from trainer.contract import Finding, PreflightReport, ShownRow

HEADS = {
    "error": ("Has to be mended", "Nothing trains while one of these is there."),
    "warning": ("Read and accept", "Training goes on once each is accepted."),
    "note": ("Good to know", ""),
}
MOST_LABELS = 30
MOST_ROWS = 12
"""Row numbers that are named."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one weight."""

    severity: str
    title: str
    about: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens one after the other that are all learned, or all only read."""

    trained: bool
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A row as the model sees it."""

    title: str
    stretches: tuple[Stretch, ...]
    learned: int
    read: int
    cut: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A preflight in the parts that a page shows."""

    blocked: bool
    groups: tuple[Group, ...]
    warnings: tuple[str, ...]
    """The checks whose warnings have to be accepted."""
    rows: str
    tokens: str
    samples: tuple[Sample, ...]
    lengths: Markup | None
    bars: tuple[tuple[int, int], ...]
    labels: tuple[tuple[str, int, float], ...]
    """Target, rows, share of those that are listed."""
    unmeasured: tuple[str, ...]


def checked(found: PreflightReport, longest: int | None = None) -> Checked:
    """A preflight for a reader; ``longest`` is where rows are cut off, in tokens."""
    total = sum(found.labels.values())
    labels = [(name, rows, rows / total) for name, rows in found.labels.items()]
    bars = tuple(found.lengths)
    title = "Rows to train on by their length"
    return Checked(
        blocked=found.blocked,
        groups=tuple(_groups(found.findings)),
        warnings=accepted_by(found),
        rows=_counts(found.rows, "row"),
        tokens=_token_words(found.tokens),
        samples=tuple(_sample(row) for row in found.samples),
        lengths=histogram(bars, "row-lengths", title, "tokens", longest) if bars else None,
        bars=bars,
        labels=tuple(labels[:MOST_LABELS]),
        unmeasured=found.unmeasured,
    )


def accepted_by(found: PreflightReport) -> tuple[str, ...]:
    """The checks whose warnings somebody has to accept, each once."""
    named = (item.check for item in found.findings if item.severity == "warning")
    return tuple(dict.fromkeys(named))


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    for severity, (title, about) in HEADS.items():
        mine = tuple(item for item in findings if item.severity == severity)
        if mine:
            yield Group(severity, title, about, mine)


def _counts(counts: Mapping[str, int], one: str) -> str:
    parts = [f"{name}: {counted(number, one)}" for name, number in counts.items() if number]
    return joined(parts)


def _token_words(tokens: Mapping[str, int]) -> str:
    train, learned = tokens.get("train", 0), tokens.get("trained", 0)
    if not train:
        return ""
    return f"{learned:,} of {train:,} tokens in the rows to train on are learned"


def _sample(row: ShownRow) -> Sample:
    runs = groupby(row.tokens, key=lambda token: token.trained)
    stretches = tuple(Stretch(key, tuple(item.text for item in run)) for key, run in runs)
    learned = sum(item.trained for item in row.tokens)
    title = f"Row {row.row:,} of {row.file}"
    return Sample(title, stretches, learned, len(row.tokens) - learned, row.cut)


def rows_words(item: Finding) -> str:
    """Which rows a finding is about, in words."""
    if not item.rows:
        return ""
    named = ", ".join(f"{row:,}" for row in item.rows[:MOST_ROWS])
    more = max(item.count, len(item.rows)) - min(len(item.rows), MOST_ROWS)
    noun = "Row" if len(item.rows) == 1 and not more else "Rows"
    return f"{noun} {named}{f' and {more:,} more' if more else ''} of {item.file}"
