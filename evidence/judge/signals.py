"""A judge's opinion as observations on a record.

``judge_information`` and ``judge_behavior`` show what it said and decide nothing. ``judge_facts``
and ``judge_form``, which rules read, come only from a judge whose word counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.judge.calibration import Calibration
from evidence.judge.opinion import Opinion
from evidence.signals import Observation

SIGNALS = ("judge_information", "judge_behavior", "judge_facts", "judge_form")


def observations(opinion: Opinion, calibration: Calibration | None = None) -> Iterator[Observation]:
    """What to hand to ``diagnose_record`` as ``extra``; nothing where nothing was measured.

    A calibration of another judge, which is another model or another prompt, does not count.
    """
    if opinion.facts is None or opinion.form is None:
        return
    detail = f"{opinion.judge}: {opinion.raw}. {opinion.reason}".strip()
    yield Observation("judge_information", opinion.facts, detail)
    yield Observation("judge_behavior", opinion.form, detail)
    if calibration is None or calibration.of != opinion.judge:
        return
    if calibration.facts_count and opinion.facts != "cannot_tell":
        yield Observation("judge_facts", opinion.facts, detail)
    if calibration.form_counts and opinion.form != "cannot_tell":
        yield Observation("judge_form", opinion.form, detail)
