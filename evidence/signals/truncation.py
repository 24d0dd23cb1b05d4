"""Does the output break off?

Looks at the end of the output and at what the client recorded (``finish_reason`` and its like in
the metadata); returns ``cut_off``: by a limit of the client, inside a code fence or bracket, in
the middle of a sentence, or not at all. A text that stops between two sentences looks whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.signals._base import Observation, Span
from evidence.signals._fence import fences
from evidence.view import RecordView

SIGNALS = ("cut_off",)
REASONS = ("finish_reason", "stop_reason", "finishReason", "done_reason", "stopReason")
LIMITS = frozenset({"length", "max_tokens", "max_output_tokens", "token_limit", "model_length"})
NESTED = ("response", "choices", "choice", "raw", "completion", "generation")
_TELLING = frozenset({*REASONS, *NESTED, "truncated"})
MAX_DEPTH = 3
TAIL = 30
"""Characters at the end that are looked at."""
MIN_WORDS = 25
"""A text of fewer words may be a phrase that ends in anything."""
OPEN_WORDS = frozenset(
    {"the", "a", "an", "and", "or", "of", "to", "in", "for", "with", "by", "from", "that", "which"}
    | {"is", "are", "was", "were", "has", "have", "be", "because", "as", "at", "its", "their"}
    | {"this", "these", "than", "such", "into", "your", "our", "his", "her", "my"}
)
"""Words after which a sentence goes on."""
OPEN_MARKS = (",", "(", "[", "{")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether and where the output breaks off."""
    output = view.output
    if not output.strip():
        return
    end = (Span(max(0, len(output) - 20), len(output)),)
    if reason := _limit(view.record.metadata):
        yield Observation("cut_off", "limit", f"The client recorded {reason!r}", end)
        return
    if output.count("```") % 2 and any(not block.closed for block in fences(output)):
        yield Observation("cut_off", "structure", "A code fence is never closed", end)
        return
    tail = output[-TAIL:].rstrip()
    if _goes_on(tail) and len(output.split(None, MIN_WORDS)) > MIN_WORDS:
        said = f"It ends with {tail[-10:]!r}"
        yield Observation("cut_off", "sentence", said, end)
        return
    yield Observation("cut_off", "no", "It comes to an end")


def _goes_on(tail: str) -> bool:
    words = tail.split()
    return bool(words) and (words[-1] in OPEN_WORDS or words[-1].endswith(OPEN_MARKS))


def _limit(metadata: Mapping[str, Any], depth: int = MAX_DEPTH) -> str:
    """What the client recorded where a limit of tokens was reached; ''."""
    if _TELLING.isdisjoint(metadata):
        return ""
    for name in REASONS:
        value = metadata.get(name)
        if isinstance(value, str) and value.strip().lower() in LIMITS:
            return f"{name}: {value}"[:60]
    if metadata.get("truncated") is True:
        return "truncated: true"
    nested = (item for name in NESTED for item in _dicts(metadata.get(name)))
    return next(filter(None, (_limit(item, depth - 1) for item in nested)), "") if depth else ""


def _dicts(value: object) -> list[dict[str, Any]]:
    items = value[:3] if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
