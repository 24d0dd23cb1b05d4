"""Runs one detector of facts on a question with its answer, reference and passage, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from evidence.records import FailureRecord, FormatSpec
from evidence.signals import Observation
from evidence.view import RecordView

Detect = Callable[[RecordView], Iterable[Observation]]

HOSTILE = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="0123456789.,-/ \x00\n²٣", max_size=60),
    st.text(alphabet="AaBb. 'or?the not\n", max_size=120),
    st.sampled_from(
        ["[" * 3_000, "((" * 2_000, "1" * 5_000, "million " * 400, "a.b." * 3_000, "{'"]
    ),
)
"""Texts that a careless comparison would trip over."""


def answered(
    question: str,
    output: str,
    reference: str | None = None,
    context: str | list[str] | None = None,
    **spec: Any,
) -> RecordView:
    """A record with these texts, as detectors see it."""
    asked = FormatSpec.model_validate(spec) if spec else None
    fields = {"reference": reference, "context": context, "format_spec": asked}
    record = FailureRecord(id="r", input=question, output=output)
    return RecordView(record.model_copy(update=fields))


def values(detect: Detect, view: RecordView) -> dict[str, Any]:
    """What a detector sees, by signal; spans have to lie inside the text that they mark."""
    found = list(detect(view))
    for item in found:
        for span in item.spans:
            text = view.output if span.where == "output" else view.context
            assert 0 <= span.start < span.end <= len(text)
    return {item.signal: item.value for item in found}


def value(detect: Detect, view: RecordView) -> Any:
    """The value of the only signal that a detector has; None where it measures nothing."""
    found = list(values(detect, view).values())
    assert len(found) <= 1
    return found[0] if found else None


def marked(detect: Detect, view: RecordView) -> list[str]:
    """The pieces of output or passage that a detector marks."""
    texts = {"output": view.output, "context": view.context}
    spans = [span for item in detect(view) for span in item.spans]
    return [texts[span.where][span.start : span.end] for span in spans]
