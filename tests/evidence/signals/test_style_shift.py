"""An output whose style is unlike that of its log."""

from __future__ import annotations

from evidence.log_profile import profile_of
from evidence.records import FailureRecord
from evidence.signals.style_shift import detect
from evidence.view import RecordView

CALM = "The mine was dug by hand over many years, and its ore was taken to the valley by cart."
LOUD = "WOW!!! WHAT A MINE THAT IS!!! DUG BY HAND!!! OVER MANY, MANY, MANY YEARS, CAN THEY DO IT?!"


def seen(output: str, *, usual: int = 100, **more: object) -> list[object]:
    """The values observed on an output in a log of calm ones."""
    log = profile_of(FailureRecord(id=str(i), input="?", output=CALM) for i in range(usual))
    record = FailureRecord.model_validate({"id": "r", "input": "?", "output": output} | more)
    return [item.value for item in detect(RecordView(record, log))]


def test_a_loud_output_in_a_calm_log_stands_out() -> None:
    assert seen(LOUD) == ["emphasis"]
    assert seen(CALM) == ["none"]


def test_nothing_stands_out_where_the_reference_does_so_too() -> None:
    assert seen(LOUD, reference=LOUD) == ["none"]


def test_without_a_log_or_with_a_format_of_its_own_nothing_is_measured() -> None:
    record = FailureRecord(id="r", input="?", output=LOUD)

    assert list(detect(RecordView(record))) == []
    assert seen(LOUD, usual=10) == []
    assert seen(LOUD, format_spec={"type": "json"}) == []
