"""``formfact diagnose --judge`` with a model on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor_rules import default_rulebook
from app.judging import MOST_SILENT
from app.labelled_file import LabelledFile
from app.log_run import start
from app.second_opinion import SecondOpinion
from evidence.judge.client import Endpoint, Judge
from evidence.lines import diagnosed_of
from tests.app.cli.conftest import Formfact
from tests.app.judge import model, open_record
from tests.evidence.judge.endpoint import Reply, Served

KEY = "sk-very-secret"
MANY = 60


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Records that the rules cannot tell, every third wrong, and one that they can."""
    records = [open_record(number, wrong=number % 3 == 0) for number in range(MANY)]
    records.append({"id": "x", "input": "As JSON.", "output": "{", "format_spec": {"type": "json"}})
    return written(tmp_path / "log.jsonl", records)


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labels(tmp_path: Path, count: int) -> Path:
    rows = [
        {"id": f"r{number}", "label": "neither" if number % 3 else "information"}
        for number in range(count)
    ]
    return written(tmp_path / "labels.jsonl", rows)


def options(served: Served) -> tuple[str, ...]:
    return ("--judge", "--judge-url", served.base_url, "--judge-model", "small")


def test_without_labels_opinions_are_shown_and_do_not_count(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    with model() as served:
        done = formfact("diagnose", log, "--json", "--out", out, *options(served))
    assert done.status == 0, done.err
    summary = json.loads(done.out)
    judge = summary["judge"]
    assert (judge["model"], judge["asked"], judge["answered"]) == ("small", MANY, MANY)
    assert (judge["unmeasured"], judge["calibration"], judge["corrected"]) == (0, None, None)
    assert judge["raw"]["information"]["count"] == 20
    assert summary["labels"]["uncertain"]["count"] == MANY
    first = json.loads(out.read_text().splitlines()[0])
    seen = {item["signal"]: item["value"] for item in first["signals"]}
    assert (seen["judge_information"], seen["judge_behavior"]) == ("wrong", "right")
    assert "judge_facts" not in seen


def test_from_thirty_labels_on_opinions_count_and_shares_are_corrected(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    with model() as served:
        given = ("--labels", labels(tmp_path, 33), *options(served))
        done = formfact("diagnose", log, "--json", *given)
        asked = len(served.requests)
    assert done.status == 0, done.err
    assert asked == MANY  # each once, though those with labels were asked about first
    summary = json.loads(done.out)
    judge = summary["judge"]
    assert judge["calibration"]["n"] == 33
    assert judge["calibration"]["enough"]
    assert judge["calibration"]["information"]["counts"]
    assert judge["calibration"]["information"]["true_positive"]["share"] == 1.0
    assert summary["labels"]["uncertain"]["count"] == 0
    assert summary["labels"]["information"]["count"] == 20
    assert summary["labelled_by_people"] == 33
    facts = judge["corrected"]["information"]
    assert facts["uncertain"]["raw"]["n"] == MANY - 33
    assert facts["uncertain"]["corrected"]["share"] == pytest.approx(9 / 27)
    assert facts["log"]["corrected"]["n"] == MANY + 1
    assert facts["log"]["corrected"]["low"] < 20 / 61 < facts["log"]["corrected"]["high"]


def test_fewer_labels_are_said_to_be_too_few(formfact: Formfact, log: Path, tmp_path: Path) -> None:
    with model() as served:
        given = ("--labels", labels(tmp_path, 10), *options(served))
        done = formfact("diagnose", log, *given)
    assert "20 more labels until its opinions count" in done.out
    assert "small was asked about 60 records and answered" in done.out


def test_what_gets_no_answer_stays_unmeasured_and_the_key_is_shown_nowhere(
    formfact: Formfact, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFACT_JUDGE_KEY", KEY)
    with model(lambda _: Reply(f"Bad key {KEY}", status=401)) as served:
        monkeypatch.setenv("FORMFACT_JUDGE_URL", served.base_url)
        monkeypatch.setenv("FORMFACT_JUDGE_MODEL", "small")
        done = formfact("diagnose", log, "--json", "--judge", "--labels", labels(tmp_path, 40))
        assert served.keys[0] == f"Bearer {KEY}"
    assert done.status == 0
    judge = json.loads(done.out)["judge"]
    assert (judge["asked"], judge["answered"], judge["unmeasured"]) == (MANY, 0, MANY)
    assert judge["calibration"]["n"] == 0
    assert f"{MOST_SILENT} records in a row got no answer" in done.err
    assert KEY not in done.out + done.err


def test_the_same_content_is_asked_about_once(formfact: Formfact, tmp_path: Path) -> None:
    rows = [open_record(1), open_record(1) | {"id": "again"}, open_record(2)]
    log = written(tmp_path / "log.jsonl", rows)
    with model() as served:
        done = formfact("diagnose", log, "--json", *options(served))
        assert len(served.requests) == 2
    assert json.loads(done.out)["judge"]["asked"] == 2


def test_without_a_model_it_is_said_how_to_name_one(
    formfact: Formfact, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORMFACT_JUDGE_URL", raising=False)
    done = formfact("diagnose", log, "--judge")
    assert done.status == 2
    assert "FORMFACT_JUDGE_URL" in done.err
    assert "FORMFACT_JUDGE_MODEL" in done.err
    done = formfact("diagnose", log, "--judge", "--judge-url", "ftp://x", "--judge-model", "m")
    assert done.status == 2
    done = formfact("diagnose", log, "--labels", labels(tmp_path, 1))
    assert done.status == 2
    assert "--judge" in done.err


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"id": 5, "label": "both"}', '{"id": "r1", "label": "bad"}']
)
def test_a_bad_label_is_named_with_its_line(
    formfact: Formfact, log: Path, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"id": "r0", "label": "both"}}\n{line}\n')
    given = ("--judge", "--judge-url", "http://127.0.0.1:9/v1", "--judge-model", "m")
    done = formfact("diagnose", log, "--labels", path, *given)
    assert done.status == 2
    assert "line 2" in done.err


def test_a_record_with_two_labels_is_refused_and_labels_of_nothing_are_told(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    rows = [{"id": "r0", "label": "both"}, {"id": "nobody", "label": "both"}]
    with model() as served:
        path = written(tmp_path / "labels.jsonl", rows)
        done = formfact("diagnose", log, "--labels", path, *options(served))
        assert done.status == 0
        assert "1 of the labels name no record" in done.err
        path = written(tmp_path / "labels.jsonl", [*rows, {"id": "r0", "label": "neither"}])
        done = formfact("diagnose", log, "--labels", path, *options(served))
    assert done.status == 2
    assert "line 3" in done.err


def test_a_run_that_was_stopped_goes_on_and_asks_about_the_rest(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    with model() as served:
        first = formfact("diagnose", log, "--json", "--out", whole, *options(served))
        before = len(served.requests)
        formfact("diagnose", log, "--out", out, *options(served))
        # as a stopped run leaves it: a draft of the first lines, and the note beside it
        run = start(log)
        run.reviewer = SecondOpinion(Judge(Endpoint(served.base_url, "small")), default_rulebook())
        with LabelledFile(out, run.description(default_rulebook())) as file:
            for line in whole.read_text().splitlines()[:50]:
                file.add(diagnosed_of(json.loads(line)))
        asked = len(served.requests)
        again = formfact("diagnose", log, "--json", "--out", out, "--resume", *options(served))
        assert again.status == 0, again.err
        assert (before, len(served.requests) - asked) == (MANY, MANY - 50)
        other = formfact("diagnose", log, "--out", out, "--resume")
    assert other.status == 2
    assert out.read_bytes() == whole.read_bytes()
    assert json.loads(again.out)["judge"] == json.loads(first.out)["judge"]
