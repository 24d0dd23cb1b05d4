from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from advisor_rules import advise, default_rulebook
from advisor_rules.serialize import advice_to_dict

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact

WriteFacts = Callable[..., Path]

OWN_RULE = """\
id: our_own_rule
title: Our own rule
when: {biased_output: true}
gives: {for: stay}
strength: strong
because: We say so.
cites: [S1]
"""


def test_no_evaluation_means_define_one_first(formfact: Formfact, facts_file: WriteFacts) -> None:
    done = formfact("recommend", facts_file("evaluation_exists: false\n"))
    assert (done.status, done.err) == (0, "")
    first, *_ = done.out.splitlines()
    assert first == default_rulebook().steps["define_evaluation"].verdict
    for heading in ("Why", "Why not the others", "Plan", "What would change this"):
        assert f"\n{heading}\n---" in done.out


def test_json_is_the_advice_of_the_functions(formfact: Formfact, facts_file: WriteFacts) -> None:
    done = formfact("recommend", facts_file("evaluation_exists: false\n"), "--json")
    advice = advise({"evaluation_exists": False})
    assert json.loads(done.out) == json.loads(
        json.dumps(advice_to_dict(advice, default_rulebook()))
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "facts:\n  evaluation_exists: false\n"),
        ("b.json", '{"evaluation_exists": false}'),
        ("c.json", '{"title": "x", "facts": {"evaluation_exists": {"value": false}}}'),
        ("d.yaml", "\ufeffevaluation_exists: false\r\n"),
    ],
)
def test_facts_may_stand_at_the_top_or_under_facts(
    formfact: Formfact, facts_file: WriteFacts, name: str, text: str
) -> None:
    done = formfact("recommend", facts_file(text, name), "--json")
    assert json.loads(done.out)["step"] == "define_evaluation"


def test_standard_input_is_read(process: Formfact) -> None:
    done = process("recommend", "-", "--json", given=b"evaluation_exists: false")
    assert json.loads(done.out)["step"] == "define_evaluation"


def test_no_facts_at_all_give_advice_too(formfact: Formfact, facts_file: WriteFacts) -> None:
    done = formfact("recommend", facts_file("facts: {}\n"))
    assert done.status == 0
    assert "Answer next" in done.out


def test_advice_can_be_replayed_from_its_own_json(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    facts = facts_file("evaluation_exists: {value: false, origin: measured, evidence: counted}\n")
    assert formfact("recommend", facts, "--out", tmp_path / "advice.json").status == 0
    again = formfact("recommend", tmp_path / "advice.json", "--json")
    assert again.out == (tmp_path / "advice.json").read_text(encoding="utf-8")


def test_every_bad_fact_is_named_with_its_line(formfact: Formfact, facts_file: WriteFacts) -> None:
    path = facts_file(
        "facts:\n  evaluation_exist: true\n  corpus_tokens: many\n  facts_wrong: yes\n"
    )
    done = formfact("recommend", path)
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        f"{path}:2: evaluation_exist: there is no such fact (did you mean evaluation_exists?)",
        f"{path}:3: corpus_tokens: must be a number (tokens), not 'many'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "anchors and aliases"),
        ("evaluation_exists: false\nevaluation_exists: true\n", "given twice"),
        ("- a list\n", "must map fact ids to values"),
        ("", "must map fact ids to values"),
        ("facts: 3\n", "must map fact ids to values"),
        ("a: [\n", "not valid YAML"),
        ("x: !!python/object:os.system {}\n", ":1: "),
        (f"a: {'[' * 100}{']' * 100}\n", "nested deeper"),
        (f"a: '{'x' * 1_000_001}'\n", "larger than 1,000,000 bytes"),
    ],
)
def test_hostile_files_are_refused_in_one_line(
    formfact: Formfact, facts_file: WriteFacts, text: str, said: str
) -> None:
    done = formfact("recommend", facts_file(text))
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert len(done.err) < 400


def test_file_that_is_no_text_is_refused_with_its_line(formfact: Formfact, tmp_path: Path) -> None:
    path = tmp_path / "facts.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    done = formfact("recommend", path)
    assert (done.status, done.err) == (2, f"{path}:2: not UTF-8 text\n")


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", "<!doctype html>"), ("r.md", "# "), ("r.json", "{")]
)
def test_report_is_written_in_the_form_of_its_suffix(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path, name: str, begins: str
) -> None:
    done = formfact("recommend", facts_file("evaluation_exists: false\n"), "--out", tmp_path / name)
    assert (done.status, done.out) == (0, "")
    assert done.err == f"Written to {tmp_path / name}\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_bad_facts_leave_an_older_report_as_it_was(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    report.write_text("older", encoding="utf-8")
    assert formfact("recommend", facts_file("nonsense: 1\n"), "--out", report).status == 2
    assert report.read_text(encoding="utf-8") == "older"


def test_a_report_of_no_known_form_is_not_written(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    report = tmp_path / "report.pdf"
    done = formfact("recommend", facts_file("evaluation_exists: false\n"), "--out", report)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"{report}: no report has this ending; use .json, .md, .html or .txt\n"
    assert not report.exists()


def test_report_into_a_missing_folder_is_bad_input(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    out = tmp_path / "none" / "report.md"
    done = formfact("recommend", facts_file("evaluation_exists: false\n"), "--out", out)
    assert (done.status, done.err) == (2, f"{tmp_path / 'none'}: there is no such folder\n")


def test_two_forms_at_once_are_refused(formfact: Formfact, facts_file: WriteFacts) -> None:
    done = formfact("recommend", facts_file("evaluation_exists: false\n"), "--json", "--html")
    assert (done.status, done.err) == (2, "--json and --html exclude each other: choose one\n")


def test_own_rules_extend_the_rulebook(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    (tmp_path / "own" / "rules").mkdir(parents=True)
    (tmp_path / "own" / "rules" / "our_own_rule.yaml").write_text(OWN_RULE, encoding="utf-8")
    facts = facts_file("biased_output: true\n")
    done = formfact("recommend", facts, "--json", "--rules", tmp_path / "own")
    assert "our_own_rule" in {reason["rule"] for reason in json.loads(done.out)["reasons"]}


def test_broken_own_rule_is_named_with_file_and_line(
    formfact: Formfact, facts_file: WriteFacts, tmp_path: Path
) -> None:
    (tmp_path / "own" / "rules").mkdir(parents=True)
    broken = OWN_RULE.replace("biased_output", "no_such_fact").replace("for: stay", "for: nowhere")
    (tmp_path / "own" / "rules" / "r.yaml").write_text(broken, encoding="utf-8")
    done = formfact("recommend", facts_file("biased_output: true\n"), "--rules", tmp_path / "own")
    assert done.status == 2
    assert "own/rules/r.yaml:3: our_own_rule: unknown fact 'no_such_fact'" in done.err


def test_date_chooses_what_is_in_force(formfact: Formfact, facts_file: WriteFacts) -> None:
    facts = facts_file("evaluation_exists: false\n")
    done = formfact("recommend", facts, "--json", "--as-of", "2025-06-01")
    assert json.loads(done.out)["as_of"] == "2025-06-01"
