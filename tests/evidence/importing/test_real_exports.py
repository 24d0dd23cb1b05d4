"""Exports of the real tools: those that are kept, and fresh ones where the tool is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.importing import import_results
from evidence.reading import Row
from evidence.records import FailureRecord, Skipped
from tests.evidence.importing import making

Make = Callable[[Path], list[Path]]


def exports(make: Make, fresh: bool, folder: Path) -> list[Path]:
    if not fresh:
        kept = sorted((making.EXPORTS / make.__name__).iterdir())
        assert kept
        return kept
    try:
        return make(folder)
    except making.NotInstalled as why:
        pytest.skip(str(why))


def imported(path: Path, tool: str) -> tuple[dict[str, FailureRecord], list[Skipped]]:
    items = list(import_results(tool, path))
    records = [item.record for item in items if isinstance(item, Row)]
    by_question = {_asked(record): record for record in records}
    assert len(by_question) == len(records)
    assert all(record.metadata["tool"] == tool for record in records)
    return by_question, [item for item in items if isinstance(item, Skipped)]


def _asked(record: FailureRecord) -> str:
    return record.input if isinstance(record.input, str) else str(record.input[-1].content)


@pytest.mark.parametrize("fresh", [False, True], ids=["kept", "fresh"])
def test_promptfoo_results_are_imported(fresh: bool, tmp_path: Path) -> None:
    for path in exports(making.promptfoo, fresh, tmp_path):
        records, skipped = imported(path, "promptfoo")
        assert len(records) == 4
        assert [item.why for item in skipped] == ["has no output: The model did not answer in time"]

        hours = records["When does the museum open on Sunday?"]
        assert not isinstance(hours.input, str)
        assert [message.role for message in hours.input] == ["system", "user"]
        assert hours.output == "The museum opens at nine on Sunday."
        assert hours.context == "Open 9 to 17, on Sunday from 11."
        assert hours.reviewer_note == "The opening hour is wrong: it is eleven on Sundays."
        assert (hours.metadata["passed"], hours.metadata["topic"]) == (False, "hours")

        price = records["How much is a ticket for two adults?"]
        assert price.format_spec
        assert price.format_spec.type == "json_schema"
        assert price.format_spec.model_dump()["schema"]["required"] == ["price", "currency"]
        assert price.reviewer_note is None

        cafe = records["Is the cafe open in winter?"]
        assert (cafe.metadata["passed"], cafe.reference) == (True, "Yes, from ten to four.")
        assert cafe.format_spec
        assert cafe.format_spec.model_dump()["none"] == ["as an AI"]

        clocks = records["Which floor has the clocks?"].format_spec
        assert clocks
        assert clocks.model_dump() == {"type": "regex", "pattern": r"^Floor \d$", "match": "search"}


@pytest.mark.parametrize("fresh", [False, True], ids=["kept", "fresh"])
def test_inspect_ai_logs_are_imported(fresh: bool, tmp_path: Path) -> None:
    for path in exports(making.inspect_ai, fresh, tmp_path):
        records, skipped = imported(path, "inspect-ai")
        assert (len(records), skipped) == (3, [])

        hours = records["When does the museum open on Sunday?"]
        assert hours.id == "sunday"
        assert not isinstance(hours.input, str)
        assert hours.input[0].content == "Answer from the leaflet."
        assert hours.output == "The museum opens at nine on Sunday."
        assert hours.reference == "at eleven"
        assert hours.reviewer_note == "The hour is wrong: Sundays start at eleven."
        assert hours.metadata["passed"] is False
        assert hours.metadata["scores"] == {"includes": "I", "reviewer": "I"}
        assert hours.metadata["topic"] == "hours"

        cafe = records["Is the cafe open in winter?"]
        assert (cafe.reference, cafe.reviewer_note) == ("ten to four", None)
        assert cafe.metadata["references"] == ["ten to four", "10 to 16"]
        assert cafe.metadata["passed"] is True


@pytest.mark.parametrize("fresh", [False, True], ids=["kept", "fresh"])
def test_ragas_data_sets_are_imported(fresh: bool, tmp_path: Path) -> None:
    for path in exports(making.ragas, fresh, tmp_path):
        records, skipped = imported(path, "ragas")
        assert skipped == []
        if path.name.startswith("talk"):
            [record] = records.values()
            assert not isinstance(record.input, str)
            assert [turn.role for turn in record.input] == ["user", "assistant", "user"]
            assert (record.output, record.reference) == ("No.", "Yes.")
            continue
        hours = records["When does the museum open on Sunday?"]
        assert hours.output == 'It opens at nine, "sharp".\nCome early.'
        assert hours.reference == "At eleven."
        assert hours.context == ["Open 9 to 17, on Sunday from 11.", 'Visitors\' entrance: "West".']
        assert len(records) == 2
