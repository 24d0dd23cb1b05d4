from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor_rules import advise
from advisor_rules.engine import columns_of, compile_rulebook, judge, option_winners
from advisor_rules.model import DIAGNOSIS, Advice, Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.worlds import varied
from tests.advisor_rules import plain
from tests.advisor_rules.little import little_rulebook, random_rulebook, rule_files, stated

Fresh = Callable[[], Path]
TRUTH = {"true": True, "false": False, "unknown": None}


def agrees(advice: Advice, decision: plain.Decision) -> None:
    """Assert that the engine's advice is what the plain reading of the rules comes to."""
    assert advice.step == decision.step
    assert set(advice.tied_with) == decision.tied
    assert advice.abstained is (decision.step is None)
    assert advice.diagnosis.failure_class == decision.diagnosis
    assert advice.choices == decision.choices
    assert {item.rule: TRUTH[item.fired] for item in advice.trace} == decision.fired
    assert {item.step for item in advice.ranked if item.blocked_by} == decision.blocked


@given(data=st.data(), days=st.integers(-400, 400))
def test_the_built_in_rules_decide_as_they_read(
    book: Rulebook, data: st.DataObject, days: int
) -> None:
    facts = data.draw(stated(book))
    day = book.latest() + timedelta(days=days)

    agrees(advise(facts, as_of=day, explained=False), plain.decide(book, facts, day))


@settings(max_examples=40)
@given(files=rule_files(most=14), data=st.data())
def test_any_rules_decide_as_they_read(
    fresh: Fresh, files: dict[str, str], data: st.DataObject
) -> None:
    book = random_rulebook(files, fresh())
    for facts in data.draw(st.lists(stated(book, most=8), min_size=1, max_size=6)):
        advice = advise(facts, rulebook=book, explained=False)
        agrees(advice, plain.decide(book, facts, book.latest()))


@given(data=st.data())
def test_a_batch_of_worlds_is_as_good_as_each_alone(book: Rulebook, data: st.DataObject) -> None:
    worlds = data.draw(st.lists(stated(book), min_size=2, max_size=6))
    compiled = compile_rulebook(book, book.latest())

    together = judge(compiled, varied({}, [tuple(facts.items()) for facts in worlds]), len(worlds))

    for place, facts in enumerate(worlds):
        alone = judge(compiled, columns_of(facts), 1)
        for name in ("winners", "tied", "blocked"):
            batch, single = getattr(together, name), getattr(alone, name)
            assert {key: mask >> place & 1 for key, mask in batch.items()} == single
        assert together.abstained >> place & 1 == alone.abstained
        for rule, (true, false) in together.truth.items():
            assert (true >> place & 1, false >> place & 1) == alone.truth[rule]
        for group in compiled.choices:
            options = option_winners(compiled, together, group)
            assert {key: mask >> place & 1 for key, mask in options.items()} == option_winners(
                compiled, alone, group
            )


@given(data=st.data())
def test_the_step_is_one_and_never_blocked(book: Rulebook, data: st.DataObject) -> None:
    facts = data.draw(stated(book))
    compiled = compile_rulebook(book, book.latest())

    judgement = judge(compiled, columns_of(facts), 1)

    winners = [name for name, mask in judgement.winners.items() if mask]
    assert len(winners) + judgement.abstained == 1
    assert not any(judgement.blocked[name] for name in winners)
    tied = [name for name, mask in judgement.tied.items() if mask]
    for name in tied:
        assert judgement.nets[name] == judgement.nets[winners[0]]
        assert book.steps[name].cost >= book.steps[winners[0]].cost


@settings(max_examples=40)
@given(files=rule_files(), data=st.data(), strength=st.sampled_from(["weak", "moderate", "strong"]))
def test_one_more_rule_for_a_step_never_lowers_it(
    fresh: Fresh, files: dict[str, str], data: st.DataObject, strength: str
) -> None:
    before = random_rulebook(files, fresh())
    more = {"rules/more.yaml": MORE.format(strength=strength)}
    after = random_rulebook({**files, **more}, fresh())
    facts = data.draw(stated(before, most=8)) | {"tested": True}

    old, new = (advise(facts, rulebook=book, explained=False) for book in (before, after))

    assert _net(new, "search") > _net(old, "search")
    assert _place(new, "search") <= _place(old, "search")
    if old.step == "search":
        assert new.step == "search"
    assert new.step in (old.step, "search")


MORE = """\
id: more
title: One more reason
when: {{tested: true}}
gives: {{for: search}}
strength: {strength}
because: It was added.
cites: [BOOK]
"""


def _net(advice: Advice, step: str) -> tuple[int, ...]:
    return next(item.net for item in advice.ranked if item.step == step)


def _place(advice: Advice, step: str) -> int:
    return [item.step for item in advice.ranked].index(step)


def test_strong_outweighs_any_number_of_weak_rules(fresh: Fresh) -> None:
    weak = {
        f"weak_{number}": MORE.format(strength="weak").replace("id: more", f"id: weak_{number}")
        for number in range(9)
    }
    strong = MORE.format(strength="strong").replace("search", "train")
    book = little_rulebook(fresh(), more=strong, **weak)

    assert advise({"tested": True}, rulebook=book).step == "train"


def test_evidence_for_and_against_may_cancel_out(fresh: Fresh) -> None:
    against = MORE.format(strength="moderate").replace("for: search", "against: search")
    book = little_rulebook(fresh(), more=against)

    advice = advise({"tested": True, "facts_wrong": True}, rulebook=book)

    assert advice.abstained
    assert advice.step is None


def test_thresholds_and_rules_change_on_their_day(fresh: Fresh) -> None:
    late = MORE.format(strength="strong") + "since: 2026-05-01\nuntil: 2026-06-01\n"
    book = little_rulebook(fresh(), more=late)
    facts = {"tested": True, "form_wrong": True, "examples": 60}

    def step(*day: int) -> str | None:
        return advise(facts, as_of=date(*day), rulebook=book).step

    assert step(2025, 12, 31) == "train"
    assert step(2026, 1, 1) is None
    assert step(2026, 4, 30) is None
    assert step(2026, 5, 1) == "search"
    assert step(2026, 5, 31) == "search"
    assert step(2026, 6, 1) is None


def test_a_measured_fact_counts_as_it_is_measured(little: Rulebook) -> None:
    measured = {"value": 100, "origin": "measured", "evidence": "counted in the file"}

    advice = advise({"form_wrong": True, "examples": measured}, rulebook=little)

    assert advice.step == "train"
    assert advice.facts["examples"].origin == "measured"


def test_muted_rules_say_nothing(little: Rulebook) -> None:
    compiled = compile_rulebook(little, little.latest())
    columns = columns_of({"facts_wrong": True, "tested": True})

    def winners(*muted: str) -> Sequence[str]:
        judgement = judge(compiled, columns, 1, muted=muted)
        return [name for name, mask in judgement.winners.items() if mask]

    assert winners() == ["search"]
    assert winners("search_for_facts") == []
    assert winners("wrong_facts") == []
    assert winners("wrong_form") == ["search"]


def test_a_derived_fact_that_is_given_is_kept(book: Rulebook) -> None:
    compiled = compile_rulebook(book, book.latest())
    facts: dict[str, Value] = {"corpus_tokens": 10, "context_window_tokens": 1_000_000}

    worked_out = judge(compiled, columns_of(facts), 1)
    given = judge(compiled, columns_of({**facts, "corpus_fits_window": False}), 1)

    assert worked_out.columns["corpus_fits_window"] == {True: 1}
    assert given.columns["corpus_fits_window"] == {False: 1}


def test_information_and_behavior_equally_strong_are_both(fresh: Fresh) -> None:
    book = little_rulebook(fresh())
    stronger = little_rulebook(
        fresh(), more=MORE.format(strength="strong").replace("for: search", "diagnosis: neither")
    )

    def diagnosis(book: Rulebook, **facts: Value) -> str:
        return advise(facts, rulebook=book, explained=False).diagnosis.failure_class

    assert diagnosis(book, facts_wrong=True) == "information"
    assert diagnosis(book, form_wrong=True) == "behavior"
    assert diagnosis(book, facts_wrong=True, form_wrong=True) == "both"
    assert diagnosis(book, tested=True) == "uncertain"
    assert diagnosis(stronger, facts_wrong=True, tested=True) == "neither"


def test_the_diagnosis_of_one_world_is_a_column(little: Rulebook) -> None:
    compiled = compile_rulebook(little, little.latest())

    assert judge(compiled, columns_of({"form_wrong": True}), 1).columns[DIAGNOSIS] == {
        "behavior": 1
    }
