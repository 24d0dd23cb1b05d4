"""Whether the output's style lies far outside of what is usual in its log.

Needs the profile of the log (``evidence.log_profile``): length, capitals, exclamation marks,
emoji, Markdown, address of the reader, contractions and language. Not measured where a format was
asked for, where the reference is as unusual, or where the log is too short to know what is usual.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.log_profile import LogProfile, style_of
from evidence.signals._base import Observation, Span
from evidence.view import RecordView

SIGNALS = ("style_shift",)
FAR = 8.0
"""Spreads from the middle of the log that count as far outside; our own judgement."""
SHOWN = 120
"""Characters at the start of the output that are marked."""

_KINDS = {
    "length": "length", "capitals": "emphasis", "exclamation": "emphasis", "emoji": "emphasis",
    "markdown": "layout", "address": "register", "contractions": "register",
    "script": "language", "english": "language",
}  # fmt: skip


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what about the style is far from usual, or that nothing is."""
    usual = view.log
    if not isinstance(usual, LogProfile) or not usual.measures:
        return
    if view.format_type or not view.output.strip():
        return
    strange = _far(usual, view.output)
    if strange and view.reference:
        strange = {
            name: far for name, far in strange.items() if name not in _far(usual, view.reference)
        }
    if not strange:
        yield Observation("style_shift", "none")
        return
    worst = max(strange, key=lambda name: abs(strange[name]))
    detail = f"{worst}: {strange[worst]:+.0f} spreads from the middle of the log"
    yield Observation(
        "style_shift", _KINDS[worst], detail, (Span(0, min(SHOWN, len(view.output))),)
    )


def _far(usual: LogProfile, text: str) -> dict[str, float]:
    found = usual.strangeness(style_of(text))
    return {name: far for name, far in found.items() if abs(far) >= FAR}
