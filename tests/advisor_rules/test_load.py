from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from advisor_rules import InvalidFile, advise, load_rulebook
from advisor_rules.load import KNOWLEDGE, read_rulebook
from advisor_rules.rulebook import Rulebook
from tests.advisor_rules.little import LITTLE, little_rulebook, written

Fresh = Callable[[], Path]
RULE = """\
id: {id}
title: A team's own rule
when: {when}
gives: {gives}
because: We know it.
cites: {cites}
"""


def rule(
    name: str, when: str = "{tested: true}", gives: str = "{for: search}", cites: str = "[BOOK]"
) -> str:
    return RULE.format(id=name, when=when, gives=gives, cites=cites)


def problems(folder: Path, **files: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        little_rulebook(folder, **files)
    return [str(problem).split("/", 1)[-1] for problem in caught.value.problems]


def test_the_built_in_rulebook_is_whole(book: Rulebook) -> None:
    stages = {rule.stage for rule in book.rules.values()}

    assert len(book.facts) >= 45
    assert len(book.rules) >= 90
    assert stages == {"classify", "recommend"}
    assert set(book.conditions) == set(book.every_rule)
    assert len(book.record_rules) >= 60
    assert list(book.steps) == sorted(book.steps, key=lambda step: book.steps[step].cost)
    assert book.version
    assert book.title


def test_every_question_stands_in_a_section(book: Rulebook) -> None:
    sections = {fact.ask.section for fact in book.facts.values() if fact.ask}

    assert sections == set(book.sections)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("id: new\ntitle: A rule\n", 1, "when: is missing"),
        (rule("new") + "extra: 1\n", 7, "extra: is not a key here"),
        (rule("New one"), 1, "id: must be one word such as my_rule"),
        (rule("new", gives="{}"), 1, "gives must be either a diagnosis, or effects"),
        (rule("new", gives="{diagnosis: information, for: search}"), 1, "must be either"),
        (rule("new", gives="{for: nowhere}"), 4, "no step 'nowhere'"),
        (rule("new", gives="{choose: search}"), 4, "no option of a step 'search'"),
        (rule("new", gives="{for: fancy}"), 4, "no step 'fancy'"),
        (
            rule("new") + "since: 2026-05-01\nuntil: 2026-05-01\n",
            1,
            "must begin to hold before it ends",
        ),
        (
            rule("new") + "plan: [{do: Train., done_when: It is better.}]\n",
            1,
            "a plan is shown for the steps that gives.require names",
        ),
        (rule("new", cites="[]"), 6, "cites: needs at least 1"),
        (rule("new", cites="[NOWHERE p.3]"), 6, "no source 'NOWHERE'"),
        (rule("new", when="{nothing: 1}"), 3, "unknown fact 'nothing'"),
        (rule("new", when="{examples: {ge: 5}}"), 3, "not a named threshold"),
        (rule("new", when="{tested: {}}"), 3, "compared with nothing"),
        (rule("new") + "conflict: none_such\n", 7, "nothing has the id 'none_such'"),
        (rule("new") + "monotone: [tested]\n", 7, "'tested' is not a number fact"),
        (
            rule("new") + "examples:\n  - {facts: {examples: -1}, fires: true}\n",
            8,
            "must be between 0 and 1,000",
        ),
        (
            rule("new") + "examples:\n  - facts:\n      nothing: 1\n    fires: true\n",
            9,
            "unknown fact 'nothing'",
        ),
        ("[]\n---\n[]\n", 2, "only one document"),
        ("- 5\n", 1, "must be a mapping of keys to values"),
        ("", 1, "must be a mapping of keys to values"),
        ("a: &x 1\n", 1, "anchors and aliases"),
    ],
)
def test_a_wrong_rule_is_named_with_file_and_line(
    fresh: Fresh, text: str, line: int, words: str
) -> None:
    said = problems(fresh(), new=text)

    assert [item for item in said if item.startswith(f"rules/new.yaml:{line}: ") and words in item]


def test_an_id_is_used_once_in_a_folder(fresh: Fresh) -> None:
    (said,) = problems(fresh(), a_second=rule("no_test"))

    assert said.startswith("rules/no_test.yaml:2: id 'no_test' is already used in ")
    assert said.endswith("rules/a_second.yaml")


def test_all_problems_of_all_files_come_at_once(fresh: Fresh) -> None:
    said = problems(
        fresh(),
        first="id: first\n",
        second="a: [1\n",
        third=rule("third", when="{any: [{a: 1}, {b: 2}]}"),
    )

    assert [item.split(":")[0] for item in said].count("rules/third.yaml") == 2
    assert {item.split(":")[0] for item in said} == {
        f"rules/{name}.yaml" for name in ("first", "second", "third")
    }
    assert len([item for item in said if item.startswith("rules/first.yaml")]) > 2


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("facts/more.yaml", "{id: a, title: Some fact, type: int}", "a number needs a unit"),
        ("facts/more.yaml", "{id: a, title: Some fact, type: choice}", "values belong to"),
        (
            "facts/more.yaml",
            "{id: a, title: Some fact, type: int, unit: x, minimum: 3, maximum: 2}",
            "the minimum is above the maximum",
        ),
        (
            "facts/more.yaml",
            "{id: a, title: Some fact, type: bool, ask: {section: x, question: Why?, why: So.}}",
            "no section 'x'",
        ),
        (
            "facts/more.yaml",
            "{id: a, title: Some fact, type: bool, ask: {section: all_of_it, question: Why?,"
            " why: So., when: {b: 1}}}",
            "unknown fact 'b'",
        ),
        (
            "thresholds.yaml",
            "[{id: few, title: A few, unit: x, because: It is., values:"
            " [{since: 2025-01-01, value: .nan, cites: [BOOK]}]}]",
            "should be a finite number",
        ),
        (
            "thresholds.yaml",
            LITTLE["thresholds.yaml"].replace("[BOOK]", "[X]"),
            "no source 'X'",
        ),
        (
            "conflicts.yaml",
            "[{id: how_many, question: How?, sides: [{source: X, says: One.},"
            " {source: BOOK, says: Two.}], resolution: Three.}]",
            "nothing has the id 'X'",
        ),
        ("words/new.yaml", "a: 1", "'words' is not a kind of knowledge"),
        (
            "steps/train.yaml",
            LITTLE["steps/train.yaml"].replace("default: plain", "default: simple"),
            "default 'simple' is no option",
        ),
        (
            "steps/train.yaml",
            LITTLE["steps/train.yaml"].replace("id: plain", "id: search"),
            "two things have the id 'search'",
        ),
        (
            "steps/train.yaml",
            LITTLE["steps/train.yaml"].replace("prerequisites: [measure]", "prerequisites: [x]"),
            "nothing has the id 'x'",
        ),
        ("facts/facts.yaml", "[]", "the derived fact 'diagnosis' is missing"),
    ],
)
def test_other_knowledge_is_as_strict(fresh: Fresh, file: str, text: str, words: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_rulebook(written({**LITTLE, file: text}, fresh()))

    assert any(words in problem.message for problem in caught.value.problems)


def test_what_others_refer_to_is_mended_first(fresh: Fresh) -> None:
    files = {**LITTLE, "sources.yaml": "[", "rules/new.yaml": rule("new", when="{nothing: 1}")}

    with pytest.raises(InvalidFile) as caught:
        read_rulebook(written(files, fresh()))

    assert [problem.file.split("/")[-1] for problem in caught.value.problems] == ["sources.yaml"]


def test_bytes_that_are_no_text_are_named(fresh: Fresh) -> None:
    folder = written(LITTLE, fresh())
    (folder / "rules" / "new.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(InvalidFile, match=r"rules/new\.yaml:1: not UTF-8 text"):
        read_rulebook(folder)


def test_a_folder_without_knowledge_is_refused(fresh: Fresh) -> None:
    with pytest.raises(InvalidFile, match=r"no \.yaml files here"):
        load_rulebook(fresh())
    with pytest.raises(InvalidFile, match=r"no \.yaml files here"):
        load_rulebook(fresh() / "missing")


def test_a_team_extends_the_built_in_rulebook(book: Rulebook, fresh: Fresh) -> None:
    own = rule(
        "our_own_test_comes_first", when="{evaluation_exists: true}", gives="{for: few_shot}"
    ).replace("[BOOK]", "[S1]")

    extended = load_rulebook(written({"rules/own.yaml": own}, fresh()))

    assert set(extended.rules) - set(book.rules) == {"our_own_test_comes_first"}
    assert extended.origin["our_own_test_comes_first"].endswith("rules/own.yaml")
    advice = advise({"evaluation_exists": True}, rulebook=extended)
    assert "our_own_test_comes_first" in {finding.rule for finding in advice.findings}


def test_a_team_replaces_a_rule(book: Rulebook, fresh: Fresh) -> None:
    name = next(name for name, item in book.rules.items() if item.strength == "strong")
    path = KNOWLEDGE / book.origin[name].removeprefix("knowledge/")
    text = path.read_text(encoding="utf-8").replace("strength: strong", "strength: weak")

    replaced = load_rulebook(written({"rules/ours.yaml": text}, fresh()))

    assert replaced.rules[name].strength == "weak"
    assert set(replaced.rules) == set(book.rules)
    assert replaced.origin[name].endswith("rules/ours.yaml")


def test_a_team_folder_may_have_any_name(fresh: Fresh) -> None:
    first = written({"rules/a.yaml": rule("ours", gives="{for: few_shot}")}, fresh() / "knowledge")
    for path in (first / "rules").glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("tested", "evaluation_exists")
        path.write_text(text.replace("[BOOK]", "[S1]"), encoding="utf-8")
    again = written({"rules/a.yaml": (first / "rules/a.yaml").read_text()}, fresh() / "knowledge")

    assert "ours" in load_rulebook(first, again).rules


def test_the_hash_names_the_content(fresh: Fresh) -> None:
    first, again = (fresh() / "same", fresh() / "same")
    changed = {**LITTLE, "rulebook.yaml": LITTLE["rulebook.yaml"] + "\n"}

    book = read_rulebook(written(LITTLE, first))

    assert read_rulebook(written(LITTLE, again)).hash == book.hash
    assert read_rulebook(written(changed, again)).hash != book.hash
    assert read_rulebook(written(changed, again)).version == book.version == "1"


def test_thresholds_and_rules_hold_from_their_day_on(fresh: Fresh) -> None:
    book = little_rulebook(fresh(), late=rule("late") + "since: 2026-05-01\nuntil: 2026-06-01\n")

    def at(day: date) -> tuple[float, bool]:
        return book.limits(day)["enough"], "late" in {rule.id for rule in book.rules_in_force(day)}

    assert at(date(2020, 1, 1)) == (50, False)
    assert at(date(2025, 12, 31)) == (50, False)
    assert at(date(2026, 1, 1)) == (100, False)
    assert at(date(2026, 4, 30)) == (100, False)
    assert at(date(2026, 5, 1)) == (100, True)
    assert at(date(2026, 5, 31)) == (100, True)
    assert at(date(2026, 6, 1)) == (100, False)
    assert book.latest() == date(2026, 1, 1)
    assert book.days_of_change() == tuple(
        date(*day) for day in ((2025, 1, 1), (2026, 1, 1), (2026, 5, 1), (2026, 6, 1))
    )


def test_a_rule_that_only_ended_was_in_force_the_day_before(fresh: Fresh) -> None:
    book = little_rulebook(fresh(), early=rule("early") + "until: 2024-03-01\n")

    assert book.days_of_change()[:2] == (date(2024, 2, 29), date(2024, 3, 1))
    assert book.day_of(book.rules["early"]) == date(2024, 2, 29)
    assert book.day_of(book.rules["no_test"]) == book.latest()


def test_the_rulebook_answers_what_belongs_together(little: Rulebook) -> None:
    assert little.thresholds_of("examples") == ("enough", "plenty")
    assert little.thresholds_of("tested") == ()
    assert little.step_of("fancy") == little.step_of("train") == "train"


LOOK = """
import sys
from advisor_rules import advise
advise({"evaluation_exists": False})
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""
NOT_NEEDED = {
    "alembic", "app", "click", "evidence", "fastapi", "httpx", "jinja2", "numpy", "sqlalchemy",
    "starlette", "torch", "trainer", "uvicorn",
}  # fmt: skip


def test_the_advisor_starts_alone() -> None:
    command = [sys.executable, "-c", LOOK]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert "advisor_rules" in loaded
    assert not NOT_NEEDED & set(loaded)
