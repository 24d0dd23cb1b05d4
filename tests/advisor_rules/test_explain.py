from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor_rules import advise
from advisor_rules.engine import compile_rulebook
from advisor_rules.explain import MOST_PAIR_FLIPS
from advisor_rules.model import Advice, Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.worlds import abstract_values, answers
from tests.advisor_rules import plain
from tests.advisor_rules.little import (
    completion,
    little_rulebook,
    random_rulebook,
    rule_files,
    stated,
)

Fresh = Callable[[], Path]
Facts = Mapping[str, Value]


def step_of(facts: Facts, book: Rulebook) -> str | None:
    return advise(dict(facts), rulebook=book, explained=False).step


def alternatives(facts: Facts, book: Rulebook) -> dict[str, list[Value]]:
    """Return the other values that each stated fact could have."""
    values = abstract_values(compile_rulebook(book, book.latest()))
    return {
        name: [other for other in values[name] if other != value] for name, value in facts.items()
    }


def check_flips(facts: Facts, advice: Advice, book: Rulebook) -> None:
    """Assert that flips lead where they say and that nothing smaller would do."""
    for flip in advice.flips:
        assert flip.step != advice.step
        assert all(facts[name] != value for name, value in flip.changes)
        assert step_of({**facts, **dict(flip.changes)}, book) == flip.step
    singles = {
        (name, value, step)
        for name, others in alternatives(facts, book).items()
        for value in others
        if (step := step_of({**facts, name: value}, book)) != advice.step
    }
    sizes = {len(flip.changes) for flip in advice.flips}
    assert sizes <= ({1} if singles else {2})
    if singles:
        check_singles(facts, advice, singles)
    else:
        assert len(advice.flips) <= max(MOST_PAIR_FLIPS, len({flip.step for flip in advice.flips}))


def check_singles(
    facts: Facts, advice: Advice, singles: set[tuple[str, Value, str | None]]
) -> None:
    """Assert that of what works, only numbers farther away are left out."""
    shown = {(*flip.changes[0], flip.step) for flip in advice.flips}
    assert shown <= singles
    for name, value, step in singles - shown:
        nearer = [other for fact, other, to in shown if (fact, to) == (name, step)]
        assert not isinstance(value, bool | str)
        assert any(
            abs(float(other) - float(facts[name])) <= abs(float(value) - float(facts[name]))
            for other in nearer
        )


def check_questions(facts: Facts, advice: Advice, book: Rulebook) -> None:
    """Assert that each question's answers change the step as often as is said."""
    values = answers(compile_rulebook(book, book.latest()), facts)
    for question in advice.next_questions:
        assert question.fact not in facts
        assert book.facts[question.fact].ask
        steps = [step_of({**facts, question.fact: value}, book) for value in values[question.fact]]
        other = [step for step in steps if step != advice.step]
        assert question.answers == len(steps)
        assert question.changes == len(other)
        assert set(question.leads_to) == set(other) - {None}


def check_decided(facts: Facts, advice: Advice, book: Rulebook, dice: random.Random) -> None:
    """Assert that nothing that becomes known moves advice that is said to be decided."""
    if not advice.decided:
        return
    assert advice.next_questions == ()
    for _ in range(12):
        assert step_of(completion(book, facts, dice), book) == advice.step


@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_explanations_of_the_built_in_rules_hold(
    book: Rulebook, data: st.DataObject, seed: int
) -> None:
    facts = data.draw(stated(book))

    advice = advise(facts)

    check_flips(facts, advice, book)
    check_questions(facts, advice, book)
    check_decided(facts, advice, book, random.Random(seed))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_decided_advice_on_many_facts_stays(book: Rulebook, seed: int) -> None:
    """Few draws of single facts decide anything, so here nearly everything is known."""
    dice = random.Random(seed)
    facts = completion(book, {"evaluation_exists": True}, dice)

    advice = advise(facts)

    check_decided(facts, advice, book, dice)


@settings(max_examples=40)
@given(files=rule_files(), data=st.data())
def test_decided_is_what_trying_everything_shows(
    fresh: Fresh, files: dict[str, str], data: st.DataObject
) -> None:
    book = random_rulebook(files, fresh())
    facts = data.draw(stated(book, most=4))

    advice = advise(facts, rulebook=book)

    moved = any(
        plain.decide(book, world, book.latest()).step != advice.step
        for world in everything(facts, book)
    )
    assert advice.decided is (not moved)
    check_flips(facts, advice, book)
    check_questions(facts, advice, book)


def everything(facts: Facts, book: Rulebook) -> Iterator[dict[str, Value]]:
    """Yield every completion of the facts, with numbers on each side of each threshold."""
    unknown: dict[str, list[Value | None]] = {
        "tested": [None, True, False],
        "facts_wrong": [None, True, False],
        "form_wrong": [None, True, False],
        "subject": [None, "law", "sport"],
        "examples": [None, 0, 99, 100, 101, 499, 500, 501, 1000],
    }
    open_facts = {name: values for name, values in unknown.items() if name not in facts}
    for chosen in product(*open_facts.values()):
        answers = {
            name: value for name, value in zip(open_facts, chosen, strict=True) if value is not None
        }
        yield {**facts, **answers}


def test_without_an_evaluation_all_is_decided() -> None:
    advice = advise({"evaluation_exists": False})

    assert advice.step == "define_evaluation"
    assert advice.decided is True
    assert advice.next_questions == ()
    assert {flip.changes for flip in advice.flips} == {(("evaluation_exists", True),)}


def test_with_nothing_known_the_first_questions_change_something(book: Rulebook) -> None:
    advice = advise({})

    assert advice.abstained
    assert advice.decided is False
    assert advice.flips == ()
    assert advice.next_questions[0].changes
    shares = [question.changes / question.answers for question in advice.next_questions]
    assert shares == sorted(shares, reverse=True)


def test_two_changes_are_shown_only_where_one_does_not_do(fresh: Fresh) -> None:
    book = little_rulebook(fresh())
    facts: dict[str, Value] = {"facts_wrong": True, "form_wrong": False, "tested": True}

    advice = advise(facts, rulebook=book)

    assert advice.step == "search"
    assert {flip.changes: flip.step for flip in advice.flips} == {
        (("facts_wrong", False),): None,
        (("tested", False),): "measure",
    }
    only = advise({"form_wrong": True, "examples": 40}, rulebook=book)
    assert {flip.changes: flip.step for flip in only.flips} == {(("examples", 100),): "train"}
    both = advise({"form_wrong": False, "examples": 40}, rulebook=book)
    assert {flip.changes: flip.step for flip in both.flips} == {
        (("form_wrong", True), ("examples", 100)): "train"
    }


HIDDEN = """\
- id: urgent
  title: It is urgent
  type: bool
  ask: {section: all_of_it, question: Is it urgent?, why: It is., when: {tested: true}}
"""


def test_a_question_that_has_lost_its_point_is_not_asked(fresh: Fresh) -> None:
    folder = fresh()
    (folder / "facts").mkdir()
    (folder / "facts" / "hidden.yaml").write_text(HIDDEN, encoding="utf-8")
    rule = """\
id: hurry
title: Hurry where it is urgent
when: {urgent: true}
gives: {for: search}
strength: weak
because: There is no time.
cites: [BOOK]
"""
    book = little_rulebook(folder, hurry=rule, no_test=None)

    def asked(facts: Facts) -> set[str]:
        return {item.fact for item in advise(dict(facts), rulebook=book).next_questions}

    assert "urgent" in asked({})
    assert "urgent" in asked({"tested": True})
    assert asked({"tested": False}) == set()


SIZES = """\
- {id: corpus_tokens, title: Size, type: int, unit: tokens, minimum: 0, maximum: 10000000}
- {id: context_window_tokens, title: Window, type: int, unit: tokens, minimum: 256, maximum: 2e6}
- {id: corpus_fits_window, title: The documents fit, type: bool, derived: true}
- {id: model_billion_parameters, title: Model, type: number, unit: B, minimum: 0.001, maximum: 1000}
- {id: gpu_memory_gb, title: Memory, type: number, unit: GB, minimum: 0, maximum: 10000}
- id: adapter_that_fits
  title: What fits
  type: choice
  derived: true
  values: [{value: lora, label: LoRA}, {value: qlora, label: QLoRA}, {value: none, label: None}]
"""
DERIVED = """\
id: derived
title: It does not fit or only just
when: {any: [{corpus_fits_window: false}, {adapter_that_fits: qlora}]}
gives: {for: search}
because: It is so.
cites: [BOOK]
"""


@pytest.mark.parametrize(
    ("known", "leaves"),
    [
        ({"corpus_tokens": 100}, {}),
        ({"corpus_tokens": 192}, {}),
        ({"corpus_tokens": 193}, {"context_window_tokens": 256}),
        ({"corpus_tokens": 5_000}, {"context_window_tokens": 256}),
        ({"context_window_tokens": 2_000_000}, {"corpus_tokens": 1_500_001}),
        ({"gpu_memory_gb": 5.0}, {"model_billion_parameters": 2.0}),
        ({"gpu_memory_gb": 1.0}, {}),
        ({"model_billion_parameters": 0.4}, {"gpu_memory_gb": 2.5}),
    ],
)
def test_sizes_that_only_what_is_known_makes_telling(
    fresh: Fresh, known: dict[str, Value], leaves: dict[str, Value]
) -> None:
    """Whether the documents fit turns at a size that no list of samples names."""
    folder = fresh()
    (folder / "facts").mkdir()
    (folder / "facts" / "sizes.yaml").write_text(SIZES, encoding="utf-8")
    book = little_rulebook(folder, derived=DERIVED)
    asked = {"tested": True, "facts_wrong": False, "form_wrong": False}
    pair = {"corpus_tokens", "context_window_tokens"}
    others: dict[str, Value] = (
        {"gpu_memory_gb": 0.0, "model_billion_parameters": 1.0}
        if pair & set(known)
        else {"corpus_tokens": 0, "context_window_tokens": 256}
    )

    advice = advise({**asked, **others, **known}, rulebook=book)

    assert advice.step is None
    assert advice.decided is (False if leaves else None)
    if leaves:
        assert step_of({**asked, **others, **known, **leaves}, book) == "search"


def test_while_nothing_is_proven_what_may_matter_is_asked(fresh: Fresh) -> None:
    """Only two answers together change the step, and chance does not find them."""
    pair = """\
id: pair
title: Two unlikely answers together
when: {examples: {ge: plenty}, unless: {known: subject}, tested: {ne: false}, share: {ge: half}}
gives: {for: search}
because: It is so.
cites: [BOOK]
"""
    folder = fresh()
    (folder / "thresholds").mkdir()
    (folder / "thresholds" / "half.yaml").write_text(
        "id: half\ntitle: The half\nunit: share\nbecause: It is.\n"
        "values: [{since: 2025-01-01, value: 0.5, cites: [BOOK]}]\n",
        encoding="utf-8",
    )
    book = little_rulebook(folder, pair=pair, no_test=None)

    advice = advise({"facts_wrong": False, "form_wrong": False}, rulebook=book)

    assert advice.step is None
    assert advice.decided is False
    assert [(item.fact, item.changes) for item in advice.next_questions] == [("tested", 0)]
