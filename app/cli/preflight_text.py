"""What a preflight found, as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from app.words import counted
from trainer.contract import Finding, PreflightReport, ShownRow

WIDTH = 96
ROWS = 12
"""Row numbers that are told with a finding."""
BAR = 40
"""Characters of the longest bar."""
SHOWN = 800
"""Characters of a sample row."""
_MARKS = {"error": "✗", "warning": "!", "note": "·"}


def preflight_text(report: PreflightReport) -> str:
    """The verdict, every finding, counts, lengths, sample rows, and what was not looked at."""
    return "\n".join(
        [
            _headline(report),
            "",
            *(line for finding in report.findings for line in _finding(finding)),
            *_counts(report),
            *_lengths(report),
            *(line for row in report.samples for line in _sample(row)),
            *(f"Not looked at: {item}" for item in report.unmeasured),
        ]
    )


def _headline(report: PreflightReport) -> str:
    many = {
        grade: sum(item.severity == grade for item in report.findings)
        for grade in ("error", "warning")
    }
    told = f"{counted(many['error'], 'error')}, {counted(many['warning'], 'warning')}"
    if report.blocked:
        return f"The job cannot start: {told}"
    return f"Nothing stands in the way: {told}"


def _finding(finding: Finding) -> Iterator[str]:
    where = f" ({finding.file})" if finding.file != "train" else ""
    yield f"{_MARKS[finding.severity]} {finding.severity}: {finding.title}{where}"
    yield from _wrapped(finding.detail)
    if finding.rows:
        more = f" and {finding.count - ROWS:,} more" if finding.count > ROWS else ""
        yield from _wrapped(f"Rows: {', '.join(map(str, finding.rows[:ROWS]))}{more}")
    yield from _wrapped(f"What to do: {finding.remedy}")
    if finding.sources:
        yield from _wrapped(f"Sources: {', '.join(finding.sources)}")
    yield ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _counts(report: PreflightReport) -> Iterator[str]:
    for part, rows in report.rows.items():
        tokens = report.tokens.get(part)
        yield f"{part}: {counted(rows, 'row')}" + (f", {tokens:,} tokens" if tokens else "")
    if "trained" in report.tokens:
        yield f"trained on: {report.tokens['trained']:,} tokens"
    if report.labels:
        top = [f"{label[:30]} {many:,}" for label, many in list(report.labels.items())[:8]]
        yield f"frequent answers: {', '.join(top)}"


def _lengths(report: PreflightReport) -> Iterator[str]:
    if not report.lengths:
        return
    yield ""
    yield "Tokens a row, up to"
    most = max(rows for _, rows in report.lengths)
    for edge, rows in report.lengths:
        yield f"{edge:>8,} {'█' * -(-BAR * rows // most):<{BAR}} {rows:,}"
    yield ""


def _sample(row: ShownRow) -> Iterator[str]:
    """A row with what is trained on between brackets."""
    text, open_ = "", False
    for token in row.tokens:
        if token.trained != open_:
            text += "⟦" if token.trained else "⟧"
            open_ = token.trained
        text += token.text
    text += "⟧" if open_ else ""
    if len(text) > SHOWN:
        # What is trained on stands at the end more often than not.
        text = f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"
    cut = f", {row.cut:,} tokens cut off" if row.cut else ""
    yield f"Row {row.row} of {row.file}, ⟦trained⟧{cut}:"
    yield from (f"  {_shown(line)}" for line in text.splitlines())
    yield ""


def _shown(line: str) -> str:
    """The line without signs that could steer a terminal."""
    return "".join(char if char.isprintable() else "�" for char in line)
