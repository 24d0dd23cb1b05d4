from __future__ import annotations

import pytest

from app.cli.stages import Stages


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stages = Stages()
    stages.at("index", 1, 2)
    stages.end()

    assert capsys.readouterr() == ("", "")


def test_slow_work_says_each_stage_as_it_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.stages.SILENT", 0.0)
    stages = Stages()
    stages.at("index", 1_000, 2_000)
    stages.at("index", 1_001, 2_000)
    stages.at("search", 0, 50)

    assert capsys.readouterr().err.splitlines() == ["index: 1,000 of 2,000", "search: 0 of 50"]
