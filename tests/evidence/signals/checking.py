"""Runs one detector on one record, for the tests of signals on formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from evidence.records import FailureRecord, FormatSpec
from evidence.signals import Observation
from evidence.view import RecordView

Detect = Callable[[RecordView], Iterable[Observation]]


def view(output: str, given: str = "When was it dug?", **spec: Any) -> RecordView:
    """A record with this output, input and format_spec."""
    asked = FormatSpec.model_validate(spec) if spec else None
    return RecordView(FailureRecord(id="r", input=given, output=output, format_spec=asked))


def seen(detect: Detect, output: str, **spec: Any) -> Any:
    """The value of the only signal that a detector sees; None where it measures nothing."""
    found = list(detect(view(output, **spec)))
    assert len(found) <= 1
    for item in found:
        assert all(0 <= span.start <= span.end <= len(output) for span in item.spans)
    return found[0].value if found else None


def marked(detect: Detect, output: str, **spec: Any) -> list[str]:
    """The pieces of the output that a detector marks."""
    found = list(detect(view(output, **spec)))
    return [output[span.start : span.end] for item in found for span in item.spans]
