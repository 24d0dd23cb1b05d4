"""Is there talk or a code fence around an output that had to be in a format?

Looks at the output where a format, a pattern or a choice was asked for; returns ``extra_prose``
with the place of the talk. Set phrases ("Here is the answer:") are known in English only; around
JSON and XML any text counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.signals._base import Observation, Span
from evidence.signals._chatter import closing, opening
from evidence.signals._fence import alone, fences
from evidence.signals._spec import kind_of
from evidence.view import RecordView

SIGNALS = ("extra_prose",)
LIMIT = 50_000
EDGES: Mapping[str, tuple[str, str]] = {"json": ("{[", "}]"), "xml": ("<", ">")}
FENCED_ANYWAY = frozenset({"code", "sql", "html"})
"""Formats that are taken out of a fence as a matter of course."""
SAID = {
    "none": "Nothing around the answer",
    "fence": "A code fence around the answer",
    "before": "Text before the answer",
    "after": "Text after the answer",
    "around": "Text before and after the answer",
}


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what stands around the answer, where a format was asked for."""
    kind = kind_of(view.format)
    if not kind or kind in ("length", "language") or len(view.output) > LIMIT:
        return
    if not view.output.strip():
        return
    value, spans = _around(view.output, kind)
    yield Observation("extra_prose", value, SAID[value], spans)


def _around(output: str, kind: str) -> tuple[str, tuple[Span, ...]]:
    blocks = fences(output)
    if blocks and alone(output, blocks[0]):
        if kind in FENCED_ANYWAY:
            return "none", ()
        block = blocks[0]
        end = block.start + len(block.text)
        return "fence", (Span(0, block.start), *_span(end, len(output)))
    if blocks:
        start, end = blocks[0].block[0], blocks[-1].block[1]
    else:
        start, end = _matter(output, kind)
    before, after = output[:start].strip(), output[end:].strip()
    spans = (*_span(0, start if before else 0), *_span(end, len(output) if after else end))
    if before and after:
        return "around", spans
    return ("before" if before else "after" if after else "none"), spans


def _matter(output: str, kind: str) -> tuple[int, int]:
    """Where the answer begins and ends; all of the output where that cannot be told."""
    if kind not in EDGES:
        return opening(output), closing(output)
    first, last = EDGES[kind]
    start = min((place for mark in first if (place := output.find(mark)) >= 0), default=-1)
    end = max(output.rfind(mark) for mark in last) + 1
    return (start, end) if 0 <= start < end else (0, len(output))


def _span(start: int, end: int) -> tuple[Span, ...]:
    return (Span(start, end),) if end > start else ()
