from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


@pytest.fixture(autouse=True)
def own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMFACT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("FORMFACT_DATABASE_URL", raising=False)


def made(formfact: Formfact, *options: str | Path) -> str:
    done = formfact("case", "new", "Help desk bot", *options)
    assert done.status == 0, done.err
    return done.out.strip()


def listed(formfact: Formfact, *options: str) -> list[str]:
    done = formfact("case", "list", "--json", *options)
    return [case["name"] for case in json.loads(done.out)["cases"]]


def test_case_is_made_listed_filled_shown_and_archived(formfact: Formfact) -> None:
    case_id = made(formfact)
    assert listed(formfact) == ["Help desk bot"]
    done = formfact("case", "set", case_id, "evaluation_exists=false", "corpus_tokens=3000")
    assert done.err == "Changed: evaluation_exists, corpus_tokens\n"
    shown = formfact("case", "show", case_id)
    assert shown.out.startswith(f"Help desk bot ({case_id})\n")
    assert "evaluation_exists: no" in shown.out
    assert "corpus_tokens: 3,000 tokens" in shown.out
    assert (
        json.loads(formfact("case", "show", case_id, "--json").out)["step"] == "define_evaluation"
    )
    assert formfact("case", "archive", case_id).status == 0
    assert (listed(formfact), listed(formfact, "--archived")) == ([], ["Help desk bot"])
    assert formfact("case", "archive", case_id, "--restore").status == 0
    assert listed(formfact) == ["Help desk bot"]


def test_facts_come_from_a_file_with_their_evidence(formfact: Formfact, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("evaluation_exists: {value: false, origin: measured, evidence: counted}\n")
    case_id = made(formfact, "--facts", facts)
    exported = json.loads(formfact("case", "export", case_id).out)
    assert exported["facts"]["evaluation_exists"] == {
        "value": False,
        "origin": "measured",
        "evidence": "counted",
    }
    assert exported["case"]["name"] == "Help desk bot"


def test_bad_facts_make_no_case(formfact: Formfact, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("evaluation_exists: maybe\nno_such_fact: 1\n")
    done = formfact("case", "new", "Half a case", "--facts", facts)
    assert (done.status, done.out) == (2, "")
    assert done.err.count(f"{facts}:") == 2
    assert listed(formfact) == []


def test_bad_facts_change_nothing(formfact: Formfact) -> None:
    case_id = made(formfact)
    done = formfact("case", "set", case_id, "evaluation_exists=true", "facts_wrong=perhaps", "x=1")
    assert done.status == 2
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["facts_wrong", "x"]
    assert json.loads(formfact("case", "show", case_id, "--json").out)["facts"] == {}


def test_fact_can_be_unknown_measured_and_taken_back(formfact: Formfact) -> None:
    case_id = made(formfact)
    formfact("case", "set", case_id, "evaluation_exists=false", "facts_wrong=true")
    formfact("case", "set", case_id, "facts_wrong=null")
    formfact("case", "set", case_id, "corpus_tokens=9", "--origin", "measured", "--evidence", "wc")
    formfact("case", "set", case_id, "--withdraw", "evaluation_exists")
    facts = json.loads(formfact("case", "show", case_id, "--json").out)["facts"]
    assert facts == {"corpus_tokens": {"value": 9, "origin": "measured", "evidence": "wc"}}


def test_export_is_read_by_recommend(formfact: Formfact, tmp_path: Path) -> None:
    case_id = made(formfact)
    formfact("case", "set", case_id, "evaluation_exists=false")
    assert formfact("case", "export", case_id, "--out", tmp_path / "case.json").status == 0
    done = formfact("recommend", tmp_path / "case.json", "--json")
    assert json.loads(done.out)["step"] == "define_evaluation"
    page = formfact("case", "export", case_id, "--html").out
    assert "Help desk bot" in page


@pytest.mark.parametrize("verb", ["show", "set", "export", "archive"])
def test_unknown_case_is_told_in_one_line(formfact: Formfact, verb: str) -> None:
    more = ("evaluation_exists=true",) if verb == "set" else ()
    done = formfact("case", verb, "nosuchcase", *more)
    assert (done.status, done.err) == (2, "There is no case with this id.\n")


def test_words_that_are_no_assignment_are_told(formfact: Formfact) -> None:
    done = formfact("case", "set", made(formfact), "evaluation_exists", "facts_wrong=[1")
    assert done.status == 2
    assert done.err.splitlines()[0] == "'evaluation_exists': write fact=value"
    assert done.err.splitlines()[1].startswith("facts_wrong: not valid YAML")


def test_database_that_cannot_be_opened_is_told_in_one_line(
    formfact: Formfact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFACT_DATABASE_URL", f"sqlite:///{tmp_path}")
    done = formfact("case", "list")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("database: unable to open database file")
    assert done.err.count("\n") == 1


def test_bad_setting_is_told_in_one_line(
    formfact: Formfact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFACT_PORT", "eighty")
    done = formfact("case", "list")
    assert done.status == 2
    assert done.err.startswith("FORMFACT_PORT: must be a whole number")


def test_without_the_server_extra_one_line_says_what_to_install(
    process: Formfact, tmp_path: Path
) -> None:
    # A finder in front of all others hides the library, as if it were not installed.
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text(HIDE)
    paths = os.pathsep.join([str(hiding), *sys.path])
    done = process("case", "list", PYTHONPATH=paths)
    assert done.status == 2
    assert 'pip install "formfact[server]"' in done.err
    assert done.err.count("\n") == 1


HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "sqlalchemy":
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Hidden())
"""
