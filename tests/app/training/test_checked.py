from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.training.checked import accepted_by, checked, rows_words
from trainer.contract import Finding, PreflightReport, ShownRow, ShownToken


def finding(severity: str, check: str = "roles", **fields: object) -> Finding:
    given_ = {"title": "t", "detail": "d", "remedy": "r", "check": check, "severity": severity}
    return Finding.model_validate(given_ | fields)


def test_findings_are_shown_by_weight_and_warnings_accepted_once_a_check() -> None:
    report = PreflightReport(
        findings=(
            finding("note"),
            finding("warning", "few"),
            finding("error"),
            finding("warning", "few"),
        )
    )
    found = checked(report)
    assert [group.severity for group in found.groups] == ["error", "warning", "note"]
    assert (found.blocked, found.warnings, accepted_by(report)) == (True, ("few",), ("few",))


def test_rows_are_named_with_how_many_more_there_are() -> None:
    assert rows_words(finding("note")) == ""
    assert rows_words(finding("note", rows=(4,), count=1)) == "Row 4 of train"
    many = finding("note", rows=tuple(range(1, 21)), count=50, file="test")
    assert rows_words(many) == "Rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 38 more of test"


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=20))
def test_no_token_is_lost_and_none_changes_sides(tokens: list[tuple[str, bool]]) -> None:
    row = ShownRow(row=1, tokens=tuple(ShownToken(text=text, trained=on) for text, on in tokens))
    (sample,) = checked(PreflightReport(samples=(row,))).samples
    again = [(text, run.trained) for run in sample.stretches for text in run.tokens]
    assert again == tokens
    assert sample.learned + sample.read == len(tokens)
