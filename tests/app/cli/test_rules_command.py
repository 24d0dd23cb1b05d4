from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from advisor_rules import default_rulebook
from app.cli.commands.rules import KINDS

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


def test_list_has_every_id(formfact: Formfact) -> None:
    done = formfact("rules", "show")
    book = default_rulebook()
    assert all(f"  {name}: " in done.out for kind in KINDS for name in getattr(book, kind))
    assert set(json.loads(formfact("rules", "show", "--json").out)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_can_be_shown(formfact: Formfact, kind: str) -> None:
    for name in getattr(default_rulebook(), kind):
        done = formfact("rules", "show", name)
        assert done.status == 0, done.err
        assert name in done.out.splitlines()[0]


def test_rule_is_shown_with_condition_effect_and_sources(formfact: Formfact) -> None:
    done = formfact("rules", "show", "no_evaluation_no_step")
    assert "If       An evaluation exists: no\n" in done.out
    assert "Then     speaks for: Define the evaluation\n" in done.out
    assert "Source   " in done.out
    shown = json.loads(formfact("rules", "show", "no_evaluation_no_step", "--json").out)
    assert (shown["kind"], shown["when"]) == ("rule", {"evaluation_exists": False})


def test_unknown_id_is_answered_with_a_near_one(formfact: Formfact) -> None:
    done = formfact("rules", "show", "evaluation_exist")
    assert (done.status, done.out) == (2, "")
    assert "did you mean evaluation_exists?" in done.err


def test_new_rule_passes_the_checks_with_the_rulebook(formfact: Formfact, tmp_path: Path) -> None:
    done = formfact("rules", "new", "our_rule", "--out", tmp_path)
    assert done.out == f"{tmp_path / 'rules' / 'our_rule.yaml'}\n"
    checked = formfact("rules", "check", tmp_path, "--json")
    assert checked.status == 0, checked.out
    assert all(check["passed"] for check in json.loads(checked.out)["checks"])
    again = formfact("rules", "new", "our_rule", "--out", tmp_path)
    assert (again.status, "exists already" in again.err) == (2, True)


def test_check_fails_for_a_rule_whose_example_is_wrong(formfact: Formfact, tmp_path: Path) -> None:
    formfact("rules", "new", "our_rule", "--out", tmp_path)
    path = tmp_path / "rules" / "our_rule.yaml"
    path.write_text(path.read_text().replace("fires: false", "fires: true"))
    done = formfact("rules", "check", tmp_path)
    assert done.status == 1
    assert "FAILED  examples" in done.out
    assert "our_rule" in done.out


def test_new_rule_with_an_impossible_id_is_refused(formfact: Formfact, tmp_path: Path) -> None:
    done = formfact("rules", "new", "../escape", "--out", tmp_path)
    assert done.status == 2
    assert list(tmp_path.iterdir()) == []


def test_schema_describes_a_rule_file(formfact: Formfact) -> None:
    schema = json.loads(formfact("rules", "schema").out)
    rule = schema["$defs"]["Rule"]
    assert {"id", "when", "gives", "because", "cites"} <= set(rule["required"])
    assert "for" in schema["$defs"]["Gives"]["properties"]
    assert formfact("rules", "schema", "facts").status == 0


def test_pages_are_written_and_other_files_left_alone(formfact: Formfact, tmp_path: Path) -> None:
    done = formfact("rules", "docs", "--out", tmp_path / "pages")
    assert done.status == 0
    assert (tmp_path / "pages" / "rules" / "no_evaluation_no_step.md").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("keep")
    refused = formfact("rules", "docs", "--out", tmp_path / "mine")
    assert refused.status == 2
    assert "holds files that are no rule pages" in refused.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.md"]
