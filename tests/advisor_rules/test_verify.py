from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from advisor_rules.load import load_rulebook
from advisor_rules.rulebook import Rulebook
from advisor_rules.verify import CHECKS, Report, verify
from tests.advisor_rules.little import LITTLE, little_rulebook, written

Fresh = Callable[[], Path]


def failures(report: Report) -> dict[str, str]:
    return {check.name: " | ".join(check.problems) for check in report.checks if not check.passed}


def test_the_built_in_rulebook_is_proven() -> None:
    report = verify()

    assert failures(report) == {}
    assert report.passed
    assert [check.name for check in report.checks] == list(CHECKS)


def test_the_little_rulebook_is_proven(little: Rulebook) -> None:
    report = verify(little)

    assert failures(report) == {}
    assert all(check.detail for check in report.checks)


def rule(
    name: str,
    when: str,
    gives: str,
    examples: str = "",
    extra: str = "",
    because: str = "We know it.",
) -> str:
    return f"""\
id: {name}
title: One more rule
when: {when}
gives: {gives}
because: {because}
cites: [BOOK]
{extra}
examples:
{examples}
"""


def shown(yes: str, no: str) -> str:
    return f"  - {{facts: {yes}, fires: true}}\n  - {{facts: {no}, fires: false}}\n"


TESTED = shown("{tested: true}", "{tested: false}")
LAW = shown("{subject: law, tested: true}", "{subject: sport}")
BROKEN: dict[str, tuple[str | None, dict[str, str]]] = {
    "its example says that it fires, and it does not": (
        rule("new", "{tested: true}", "{for: search}", shown("{tested: false}", "{}")),
        {"examples": "new: stays silent on its example {'tested': False}"},
    ),
    "its example says that it is silent, and it fires": (
        rule("new", "{tested: true}", "{for: search}", shown("{tested: true}", "{tested: true}")),
        {"examples": "new: fires on its example {'tested': True}"},
    ),
    "no example stays silent": (
        rule(
            "new", "{tested: true}", "{for: search}", "  - {facts: {tested: true}, fires: true}\n"
        ),
        {"examples": "new: has no example that stays silent"},
    ),
    "it can never fire": (
        rule(
            "new",
            "{all: [{tested: true}, {tested: false}]}",
            "{for: search}",
            "  - {facts: {tested: true}, fires: false}\n",
        ),
        {
            "examples": "new: has no example that fires",
            "deciding": "new: found no facts on which it changes",
        },
    ),
    "no example lies below the threshold": (
        rule(
            "new",
            "{examples: {ge: plenty}, tested: true}",
            "{for: search}",
            shown("{tested: true, examples: 500}", "{tested: false, examples: 600}"),
        ),
        {"thresholds": "new: no example with examples below 500"},
    ),
    "no example lies on the threshold": (
        rule(
            "new",
            "{examples: {gt: plenty}, tested: true}",
            "{for: search}",
            shown("{tested: true, examples: 501}", "{tested: false, examples: 600}"),
        ),
        {"thresholds": "new: no example with examples at most 500"},
    ),
    "it can decide nothing": (
        rule("new", "{tested: false}", "{against: search}", shown("{tested: false}", "{}")),
        {"deciding": "new: found no facts on which it changes"},
    ),
    "it is certain of the opposite of another": (
        rule(
            "new",
            "{tested: false, subject: law}",
            "{against: measure}",
            shown("{tested: false, subject: law}", "{subject: sport}"),
            "strength: strong",
        ),
        {"certainty": "no_test and new are both certain, of opposites (measure)"},
    ),
    "more is said never to hurt, and it does": (
        rule(
            "new",
            "{examples: {lt: plenty}, subject: law}",
            "{for: search}",
            shown("{examples: 499, subject: law}", "{examples: 500, subject: law}"),
            "monotone: [examples]",
        ),
        {"monotone": "new: more examples lowers search on {'subject': 'law'}"},
    ),
    "a sentence is too long": (
        rule("new", "{subject: law}", "{for: search}", LAW, because="so " * 41 + "it is."),
        {"words": "new: a sentence of 43 words"},
    ),
    "it speaks of ids": (
        rule("new", "{subject: law}", "{for: search}", LAW, because="See facts_wrong for it."),
        {"words": "holds an identifier"},
    ),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_rule_fails_just_its_check(fresh: Fresh, why: str) -> None:
    text, expected = BROKEN[why]

    found = failures(verify(little_rulebook(fresh(), new=text)))

    assert set(found) == set(expected)
    for name, words in expected.items():
        assert words in found[name]


def test_a_healthy_rule_more_passes(fresh: Fresh) -> None:
    healthy = rule("new", "{subject: law, tested: true}", "{for: search}", LAW)

    assert failures(verify(little_rulebook(fresh(), new=healthy))) == {}


def test_a_step_and_an_option_that_nothing_leads_to(fresh: Fresh) -> None:
    train = LITTLE["rules/train_for_form.yaml"]
    found = failures(verify(little_rulebook(fresh(), train_for_form=None)))
    fewer = failures(verify(little_rulebook(fresh(), fancy_with_plenty=None)))

    assert "step train is never recommended" in found["reachable"]
    assert fewer["reachable"] == "option fancy is never chosen"
    assert "train_for_form" in train


def test_a_rulebook_that_never_abstains(fresh: Fresh) -> None:
    always = rule(
        "new",
        "{unless: {known: subject}}",
        "{for: search}",
        shown("{tested: true}", "{subject: law}"),
    )
    never = {
        f"{name}_too": rule(
            f"{name}_too",
            f"{{subject: {name}}}",
            "{for: measure}",
            shown(f"{{subject: {name}}}", "{}"),
            "strength: strong",
        )
        for name in ("law", "sport")
    }

    found = failures(verify(little_rulebook(fresh(), new=always, **never)))

    assert "no facts on which the advice abstains" in found["reachable"]


def test_numbers_that_move_what_is_worked_out_cannot_be_claimed(fresh: Fresh) -> None:
    """More of it could change the diagnosis, and with it everything else."""
    claim = rule(
        "new",
        "{examples: {ge: plenty}}",
        "{for: search}",
        shown("{examples: 500}", "{examples: 499}"),
        "monotone: [examples]",
    )
    symptom = rule(
        "symptom",
        "{examples: {ge: enough}}",
        "{diagnosis: information}",
        shown("{examples: 100}", "{examples: 99}"),
        "strength: strong",
    )

    found = failures(verify(little_rulebook(fresh(), new=claim, symptom=symptom)))

    assert "examples also moves diagnosis" in found["monotone"]


def test_rules_are_proven_on_every_day_on_which_something_changes(fresh: Fresh) -> None:
    later = rule(
        "new",
        "{tested: false}",
        "{against: search}",
        shown("{tested: false}", "{}"),
        "since: 2027-01-01",
    )
    book = little_rulebook(fresh(), new=later)

    assert "(as of 2027-01-01)" in failures(verify(book))["deciding"]
    assert failures(verify(book, date(2026, 6, 1))) == {}


def test_a_teams_rules_are_proven_with_the_built_in_ones(fresh: Fresh) -> None:
    own = rule(
        "our_own_rule",
        "{evaluation_exists: false}",
        "{against: define_evaluation}",
        shown("{evaluation_exists: false}", "{evaluation_exists: true}"),
        "strength: strong",
    ).replace("[BOOK]", "[S1]")
    book = load_rulebook(written({"rules/own.yaml": own}, fresh()))

    found = failures(verify(book, book.latest()))

    assert "our_own_rule" in found["certainty"]
