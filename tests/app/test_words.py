from __future__ import annotations

import pytest

from advisor_rules import default_rulebook
from advisor_rules.grammar import parse
from app.words import (
    clause_line,
    condition_clause,
    counted,
    flip_words,
    influence_words,
    joined,
    value_words,
    verdict,
)

BOOK = default_rulebook()
LIMITS = BOOK.limits(BOOK.latest())


def said(condition: dict[str, object]) -> str:
    parsed = parse(condition, BOOK.facts, BOOK.thresholds)
    return clause_line(condition_clause(parsed, BOOK, LIMITS))


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("evaluation_exists", True, "yes"),
        ("evaluation_exists", None, "unknown"),
        ("prompting_effort", "quick", "A few quick tries"),
        ("prompting_effort", "gone", "gone"),
        ("corpus_tokens", 201_674, "201,674 tokens"),
        ("gpu_memory_gb", 24.0, "24 GB"),
        ("label_agreement", 0.7, "0.7 (Cohen's kappa)"),
    ],
)
def test_values_read_as_a_person_writes_them(fact: str, value: object, words: str) -> None:
    assert value_words(BOOK.facts[fact], value) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"evaluation_exists": True}, "An evaluation exists: yes"),
        ({"not": {"evaluation_exists": True}}, "An evaluation exists: no"),
        ({"known": "corpus_tokens"}, "Size of the documents: is known"),
        ({"not": {"known": "corpus_tokens"}}, "Size of the documents: is not known"),
        (
            {"prompting_effort": ["none", "quick"]},
            "Work on the prompt: None yet or A few quick tries",
        ),
        ({"prompting_effort": {"ne": "none"}}, "Work on the prompt: anything but None yet"),
        (
            {"evaluation_exists": True, "unless": {"facts_wrong": True}},
            "An evaluation exists: yes and unless it is known that "
            "Failing answers state wrong or missing facts: yes",
        ),
        (
            {"any": [{"evaluation_exists": True}, {"facts_wrong": True, "form_wrong": True}]},
            "An evaluation exists: yes or (Failing answers state wrong or missing facts: yes "
            "and Failing answers have right facts in a wrong form: yes)",
        ),
        (
            {"not": {"any": [{"evaluation_exists": True}, {"facts_wrong": True}]}},
            "An evaluation exists: no and Failing answers state wrong or missing facts: no",
        ),
    ],
)
def test_conditions_read_as_sentences(condition: dict[str, object], words: str) -> None:
    assert said(condition) == words


def test_thresholds_stand_with_their_number_and_turn_round_when_denied() -> None:
    limit = f"{LIMITS['few_cases']:,.10g}"
    assert said({"prompt_cases_tested": {"lt": "few_cases"}}).endswith(f"less than {limit} cases")
    denied = said({"not": {"prompt_cases_tested": {"lt": "few_cases"}}})
    assert denied.endswith(f"at least {limit} cases")


def test_every_condition_of_the_rulebook_can_be_said() -> None:
    for condition in (*BOOK.conditions.values(), *BOOK.ask_conditions.values()):
        assert "_" not in clause_line(condition_clause(condition, BOOK, LIMITS))


def test_flips_and_questions_name_what_changes() -> None:
    advice = {"facts": {"evaluation_exists": {"value": False}}}
    flip = {"if": {"evaluation_exists": True}, "then": None}
    assert flip_words(flip, advice, BOOK) == "An evaluation exists: yes (now no)"
    question = {"fact": "facts_wrong", "changes": 1, "answers": 2, "leads_to": ["improve_prompt"]}
    assert influence_words(question, BOOK) == (
        f"1 of the 2 answers tried would change the step: {BOOK.steps['improve_prompt'].title}."
    )


def test_abstention_is_a_verdict_too() -> None:
    assert verdict({"step": None}, BOOK).startswith("Measure first")
    assert verdict({"step": "gone"}, BOOK) == "gone"


def test_lists_and_counts() -> None:
    assert [joined([]), joined(["a"]), joined(["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [counted(1, "rule"), counted(2_000, "rule")] == ["1 rule", "2,000 rules"]
