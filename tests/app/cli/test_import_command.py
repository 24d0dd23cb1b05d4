from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evidence.importing import tools
from evidence.reading import Row, read_log
from tests.evidence.importing.making import EXPORTS

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact

RESULTS = EXPORTS / "promptfoo" / "results.json"


def test_records_go_to_standard_output_and_what_is_left_out_to_the_other(
    formfact: Formfact,
) -> None:
    done = formfact("import", "promptfoo", RESULTS)
    assert done.status == 0
    records = [json.loads(line) for line in done.out.splitlines()]
    assert len(records) == 4
    assert set(records[0]) == {
        *("id", "input", "output", "reference", "context", "format_spec", "reviewer_note"),
        "metadata",
    }
    assert done.err.splitlines() == [
        "  result 5: has no output: The model did not answer in time",
        "4 records, 1 results left out",
    ]


def test_file_that_is_written_is_a_failure_log(formfact: Formfact, tmp_path: Path) -> None:
    out = tmp_path / "failures.jsonl"
    done = formfact("import", "promptfoo", RESULTS, "--out", out, "--failing-only")
    assert (done.status, done.out) == (0, "")
    assert done.err.endswith(f"Written to {out}\n")
    rows = list(read_log(out))
    assert len(rows) == 3
    for row in rows:
        assert isinstance(row, Row)
        assert row.record.metadata["passed"] is False


def test_log_goes_from_another_tool_to_a_diagnosis(formfact: Formfact, tmp_path: Path) -> None:
    out = tmp_path / "failures.jsonl"
    formfact("import", "inspect-ai", EXPORTS / "inspect_ai" / "log.eval", "--out", out)
    done = formfact("diagnose", out, "--json", "--workers", "1")
    assert done.status == 0, done.err
    assert json.loads(done.out)["records"] == 3


def test_tools_are_listed(formfact: Formfact) -> None:
    done = formfact("import", "--list")
    assert done.status == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(tools())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("excel", RESULTS), "'excel' is not among the tools: inspect-ai, langfuse"),
        (("promptfoo", "none.json"), "none.json: No such file or directory"),
        (("promptfoo", EXPORTS / "ragas" / "single.jsonl"), "holds no result of promptfoo"),
        (("promptfoo", RESULTS, "--out", "no-folder/out.jsonl"), "there is no such folder"),
        (("promptfoo",), "Missing argument 'FILE'"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(
    process: Formfact, tmp_path: Path, arguments: tuple[str | Path, ...], said: str
) -> None:
    out = tmp_path / "out.jsonl"
    more = () if "--out" in arguments else ("--out", out)
    done = process("import", *arguments, *more)
    assert (done.status, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
