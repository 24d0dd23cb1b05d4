from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import FactValue, InvalidFacts, advise
from advisor_rules.model import Advice, Ranked
from advisor_rules.rulebook import Rulebook
from tests.advisor_rules.little import LITTLE, little_rulebook, stated

Fresh = Callable[[], Path]
TRAINED = {"form_wrong": True, "tested": True, "examples": 501}


def ranked(advice: Advice, step: str) -> Ranked:
    return next(item for item in advice.ranked if item.step == step)


def test_advice_says_what_and_why(little: Rulebook) -> None:
    advice = advise(TRAINED, rulebook=little)

    assert (advice.step, advice.method, advice.choices) == ("train", "fancy", {"method": "fancy"})
    assert (advice.strength, advice.abstained, advice.tied_with) == ("moderate", False, ())
    assert advice.diagnosis.failure_class == "behavior"
    assert advice.diagnosis.rules == ("wrong_form",)
    assert advice.diagnosis.because == ("The model does not behave.",)
    assert [(item.rule, item.effect, item.target) for item in advice.findings] == [
        ("fancy_with_plenty", "choose", "fancy"),
        ("fancy_with_plenty", "require", "train"),
        ("train_for_form", "for", "train"),
    ]
    assert advice.findings[2].facts == ("diagnosis", "examples")
    assert [citation.source for citation in advice.findings[2].cites] == ["BOOK", "PAPER"]
    assert [conflict.id for conflict in advice.conflicts] == ["how_many"]


def test_the_plan_prepares_then_chooses_then_acts(little: Rulebook) -> None:
    advice = advise(TRAINED, rulebook=little)

    assert [item.do for item in advice.plan] == [
        "Clean the examples.",
        "Read up on it.",
        "Train it.",
    ]


def test_every_rule_is_in_the_trace(little: Rulebook) -> None:
    trace = {item.rule: item.fired for item in advise(TRAINED, rulebook=little).trace}

    assert trace == {
        "wrong_form": "true",
        "wrong_facts": "unknown",
        "no_test": "false",
        "search_for_facts": "false",
        "train_for_form": "true",
        "fancy_with_plenty": "true",
    }


def test_the_ranking_shows_where_every_step_stands(little: Rulebook) -> None:
    tested = advise({"facts_wrong": True, "form_wrong": True, "examples": 200}, rulebook=little)
    untested = advise({"facts_wrong": True, "tested": False}, rulebook=little)

    assert [(item.step, item.standing) for item in tested.ranked] == [
        ("search", "recommended"),
        ("train", "possible"),
        ("measure", "not_reached"),
    ]
    assert [(item.step, item.standing) for item in untested.ranked] == [
        ("measure", "recommended"),
        ("search", "blocked"),
        ("train", "blocked"),
    ]
    search = ranked(untested, "search")
    assert (search.for_, search.against) == (("search_for_facts",), ("no_test",))
    assert (search.blocked_by, search.net) == (("no_test",), (0, 1, 0))
    assert untested.strength == "strong"


def test_a_tie_goes_to_the_cheaper_step_and_is_shown(little: Rulebook) -> None:
    advice = advise({"facts_wrong": True, "form_wrong": True, "examples": 200}, rulebook=little)

    assert advice.step == "search"
    assert advice.tied_with == ("train",)
    assert advice.strength == "weak"


def test_nothing_known_is_an_explicit_abstention(little: Rulebook) -> None:
    advice = advise({}, rulebook=little)

    assert advice.abstained
    assert (advice.step, advice.method, advice.strength) == (None, None, None)
    assert advice.plan == ()
    assert advice.diagnosis.failure_class == "uncertain"


def test_a_strength_is_the_lead_over_the_best_rival(fresh: Fresh) -> None:
    strong = LITTLE["rules/train_for_form.yaml"] + "strength: strong\n"
    book = little_rulebook(fresh(), train_for_form=strong)

    assert advise(TRAINED, rulebook=book).strength == "strong"
    both = advise({**TRAINED, "facts_wrong": True}, rulebook=book)
    assert (both.step, both.strength) == ("train", "strong")


def test_facts_come_back_with_where_they_came_from(little: Rulebook) -> None:
    advice = advise(
        {
            "tested": True,
            "examples": FactValue(3, "measured", "counted"),
            "share": {"value": 0.5, "origin": "assumed"},
            "subject": None,
        },
        rulebook=little,
    )

    assert advice.facts == {
        "tested": FactValue(True),
        "examples": FactValue(3, "measured", "counted"),
        "share": FactValue(0.5, "assumed"),
    }


def test_bad_facts_are_refused_all_at_once() -> None:
    with pytest.raises(InvalidFacts) as caught:
        advise({"evaluation_exist": True, "labelled_examples": -1, "facts_wrong": "yes"})

    assert [problem.fact for problem in caught.value.problems] == [
        "evaluation_exist",
        "labelled_examples",
        "facts_wrong",
    ]
    assert "did you mean evaluation_exists?" in str(caught.value)


@pytest.mark.parametrize("facts", [None, ["evaluation_exists"], "evaluation_exists"])
def test_facts_that_are_no_mapping_are_refused(facts: object) -> None:
    with pytest.raises(InvalidFacts, match="must be a mapping"):
        advise(facts)  # type: ignore[arg-type]


def test_the_default_day_is_the_rulebooks_own(book: Rulebook, little: Rulebook) -> None:
    assert advise({}).as_of == book.latest()
    assert advise({}, rulebook=little).as_of == date(2026, 1, 1)
    assert advise({}, as_of=date(2025, 6, 1)).as_of == date(2025, 6, 1)
    assert advise({}).rulebook_hash == book.hash


@given(data=st.data())
def test_the_same_facts_give_the_same_advice(book: Rulebook, data: st.DataObject) -> None:
    facts = data.draw(stated(book))
    shuffled = dict(data.draw(st.permutations(list(facts.items()))))

    first, again, other_order = advise(facts), advise(facts), advise(shuffled)

    assert first == again
    assert other_order.step == first.step
    assert other_order.trace == first.trace


def test_explanations_are_left_out_on_request(little: Rulebook) -> None:
    plain = advise(TRAINED, rulebook=little, explained=False)
    explained = advise(TRAINED, rulebook=little)

    assert (plain.flips, plain.next_questions, plain.decided) == ((), (), None)
    assert explained.flips
    assert (plain.step, plain.ranked, plain.findings) == (
        explained.step,
        explained.ranked,
        explained.findings,
    )


def test_steps_that_the_team_has_taken_are_marked() -> None:
    known = {"evaluation_exists": True, "examples_tried": False, "retrieval_in_use": "hybrid"}
    taken = {item.step for item in advise(known, explained=False).ranked if item.taken}
    assert taken == {"define_evaluation", "rag_bm25", "rag_embedding"}


def test_nothing_counts_as_taken_while_nothing_is_known() -> None:
    assert not any(item.taken for item in advise({}, explained=False).ranked)
