from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.common import MISSING
from benchmarks.memory import main, near, oracles_file, read_oracles

EXACT = {f"O{number:02}" for number in (*range(1, 11), *range(18, 26))}
TABLE = """
```csv
id,setup,expected,unit,tolerance,source
O01,7B full Adam all-2-byte: weights,14,GB,exact,AIE7
O29,Selective recompute saving GPT-3 / MT-NLG,70 / 65,%,0.5,KTH
O48,MEASURED QLoRA 65B fits,<48,GB,upper bound,QLR
```
"""


def test_a_table_of_oracles_is_read_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "rulebook_sources.md").write_text(TABLE)
    assert main(["--data", str(tmp_path / "data"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["oracles"], found["within_tolerance"]) == (3, 3)


def test_where_there_is_no_table_it_says_so(tmp_path: Path) -> None:
    assert main(["--data", str(tmp_path / "data")]) == MISSING


@pytest.mark.parametrize(
    ("value", "expected", "tolerance", "within"),
    [
        (14.0, 14.0, "exact (derived)", True),
        (14.1, 14.0, "exact", False),
        (11.9, 10.0, "20%", True),
        (12.1, 10.0, "20%", False),
        (6.09, 6.095, "0.01", True),
        (7.0, 6.0, "minimum", True),
        (47.0, 48.0, "upper bound", True),
        (9.0, 6.0, "estimate", None),
    ],
)
def test_nearness_is_read_as_it_is_written(
    value: float, expected: float, tolerance: str, within: bool | None
) -> None:
    assert near(value, expected, tolerance) is within


def test_arithmetic_oracles_agree_exactly_and_all_others_but_one_are_near(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = oracles_file(None)
    if not path.exists():
        pytest.skip("the table of published figures is not on this machine")
    assert {one.id for one in read_oracles(path.read_text())} >= EXACT
    assert main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    rows = {row["id"]: row for row in found["rows"]}
    assert all(rows[name]["within"] for name in EXACT)
    assert not found["absent"]
    assert [row["id"] for row in found["outside"]] == ["O47"]
