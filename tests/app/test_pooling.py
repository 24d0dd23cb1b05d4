"""Judging what was found: shuffled, taken back, and what becomes of the result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from advisor_rules.rulebook import Rulebook
from app.errors import Conflict, Invalid, NotFound
from app.judgements import counting
from app.pooling import (
    Judgement,
    NextToJudge,
    judge,
    next_to_judge,
    pool_of,
    standing,
    to_judge,
    undo,
)
from app.probe_facts import apply_probe
from app.probe_found import top_hits
from app.probe_questions import Asking
from app.settings import Settings
from app.storage import Database, Probe, ProbeHit, ProbeJudgement, ProbeQuestion
from tests.app.probing import (
    TOPICS,
    asked,
    case_with,
    manuals,
    probe_again,
    probed_here,
    queued_probe,
)

LEAST = 20
"""The threshold ``min_judged_questions``."""


def grade_of(item: NextToJudge) -> int:
    """What somebody who knows the manuals says."""
    code = item.question.text.split()[3]
    return 2 if code in item.passage.text else 0


def judge_on(database: Database, book: Rulebook, probe: Probe, questions: int | None = None) -> int:
    """Judge until so many questions are complete, or all; how many passages that took."""
    taken = 0
    while True:
        with database.writing() as session:
            done = session.get_one(Probe, probe.id).judged
            item = next_to_judge(session, probe.case_id, probe.id)
            if item is None or (questions is not None and done >= questions):
                return taken
            said = Judgement(item.passage.id, grade_of(item), "Ada")
            judge(session, book, probe.case_id, probe.id, item.question.number, said)
        taken += 1


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: nothing here depends on the database."""
    database = Database(f"sqlite:///{tmp_path / 'formfact.db'}")
    yield database
    database.close()


@pytest.fixture
def unknown(database: Database, settings: Settings) -> Probe:
    """A probe of whose questions nobody knows what is relevant."""
    case_id = case_with(database, settings)
    return probed_here(database, settings, case_id, Asking(listed=asked(referenced=False)))


def test_all_of_a_question_comes_before_the_next_in_an_order_that_tells_nothing(
    database: Database, book: Rulebook, unknown: Probe
) -> None:
    seen: list[tuple[int, int, int]] = []
    passages: list[str] = []
    with database.writing() as session:
        for _ in range(12):
            item = next_to_judge(session, unknown.case_id, unknown.id)
            assert item
            seen.append((item.question.number, item.place, item.of))
            passages.append(item.passage.passage)
            said = Judgement(item.passage.id, 0, "Ada")
            judge(session, book, unknown.case_id, unknown.id, item.question.number, said)
        first = seen[0][0]
        own = [place for number, place, _ in seen if number == first]
        assert own == list(range(1, min(12, seen[0][2]) + 1))
        places = {row.number: row.place for row in session.scalars(select(ProbeQuestion))}
        order = list(dict.fromkeys(number for number, _, _ in seen))
        assert order == sorted(order, key=places.__getitem__)
        assert pool_of(session, unknown, first) == passages[: len(own)]
        ranked = list(dict.fromkeys(hit.passage for hit in top_hits(session, unknown, first)))
        assert sorted(ranked) == sorted(passages[: len(own)])
        assert ranked != passages[: len(own)]


def test_judging_makes_a_decision_without_searching_again(
    database: Database, book: Rulebook, unknown: Probe
) -> None:
    assert unknown.result is not None
    assert unknown.result["relevance"]["kind"] == "none"
    with database.reading() as session:
        begun = standing(session, book, unknown.case_id, unknown.id)
        hits = session.scalars(select(ProbeHit.id)).all()
    assert (begun.questions, begun.needed, begun.more) == (TOPICS, LEAST, LEAST)
    taken = judge_on(database, book, unknown, LEAST)
    found = probe_again(database, unknown)
    assert found.result is not None
    assert found.result["relevance"]["kind"] == "judged"
    assert found.result["questions"] == LEAST
    assert found.result["retrievers"]["bm25"]["ndcg@10"]["value"] == 1.0
    assert found.result["verdict"]["weak"] is False
    for key in ("documents", "passages", "tokens", "rulebook", "repeated_documents"):
        assert found.result[key] == unknown.result[key]
    with database.writing() as session:
        now = standing(session, book, unknown.case_id, unknown.id)
        assert (now.judged, now.judgements, now.annotators) == (LEAST, taken, {"Ada": taken})
        assert (now.decided, now.more) == (True, 0)
        assert session.scalars(select(ProbeHit.id)).all() == hits
        kinds = [row.relevance for row in session.scalars(select(ProbeQuestion))]
        assert sorted(kinds) == ["judged"] * LEAST + ["none"] * (TOPICS - LEAST)
        applied = apply_probe(session, book, unknown.case_id, unknown.id)
    assert "answers_in_documents" in {change.fact for change in applied.changes}


def test_guessed_relevance_counts_until_enough_is_judged_and_again_after_an_undo(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_with(database, settings)
    probe = probed_here(database, settings, case_id)
    weak = probe.result
    assert weak is not None
    assert weak["relevance"]["kind"] == "weak"
    judge_on(database, book, probe, LEAST - 1)
    still = probe_again(database, probe).result
    assert still is not None
    assert still["relevance"]["kind"] == "weak"
    assert (still["retrievers"], still["verdict"]) == (weak["retrievers"], weak["verdict"])
    judge_on(database, book, probe, LEAST)
    judged = probe_again(database, probe).result
    assert judged is not None
    assert (judged["relevance"]["kind"], judged["questions"]) == ("judged", LEAST)
    assert judged["retrievers"]["bm25"]["weak"] is False
    with database.writing() as session:
        assert undo(session, book, case_id, probe.id, "Ada")
    back = probe_again(database, probe)
    assert back.judged == LEAST - 1
    assert back.result is not None
    for key in ("wording", "retrievers", "comparisons", "verdict", "misses"):
        assert back.result[key] == weak[key], key
    assert back.result["relevance"] == weak["relevance"] | {"not_judged": 0}


def test_an_undo_takes_back_the_last_word_and_then_the_one_before(
    database: Database, book: Rulebook, unknown: Probe
) -> None:
    case_id, probe_id = unknown.case_id, unknown.id
    with database.writing() as session:
        item = next_to_judge(session, case_id, probe_id)
        assert item
        number, passage = item.question.number, item.passage.id
        for grade in (0, 2):
            judge(session, book, case_id, probe_id, number, Judgement(passage, grade, "Ada"))
        last = undo(session, book, case_id, probe_id, " Ada ")
        assert last
        assert (last.grade, last.number) == (0, number)
        first = undo(session, book, case_id, probe_id, "Ada")
        assert first
        assert first.grade is None
        assert undo(session, book, case_id, probe_id, "Ada") is None
        assert undo(session, book, case_id, probe_id, "Grace") is None
        again = next_to_judge(session, case_id, probe_id)
        assert again
        assert again.passage.id == passage
        assert to_judge(session, case_id, probe_id, number, passage) == again


def test_what_cannot_be_judged_is_refused(
    database: Database, settings: Settings, book: Rulebook, unknown: Probe
) -> None:
    case_id, probe_id = unknown.case_id, unknown.id
    waiting = queued_probe(database, case_id)
    with database.writing() as session:
        item = next_to_judge(session, case_id, probe_id)
        assert item
        passage, number = item.passage.id, item.question.number
        for wrong in (Judgement(passage, 3, "Ada"), Judgement(passage, 1, "  ")):
            with pytest.raises(Invalid):
                judge(session, book, case_id, probe_id, number, wrong)
        said = Judgement(passage, 1, "Ada")
        for missing in (0, 999, 1 << 40):
            with pytest.raises(NotFound):
                judge(session, book, case_id, probe_id, missing, said)
        with pytest.raises(NotFound):
            judge(session, book, case_id, probe_id, number, Judgement(1 << 40, 1, "Ada"))
        with pytest.raises(Conflict, match="waits"):
            judge(session, book, case_id, waiting.id, number, said)


def entry(number: int, passage: str, grade: int | None) -> ProbeJudgement:
    return ProbeJudgement(number=number, passage=passage, grade=grade, annotator="x")


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from([None, 0, 1, 2])))
)
def test_the_grade_that_counts_is_one_that_most_gave(
    said: list[tuple[int, str, int | None]],
) -> None:
    found = counting(entry(*item) for item in said)
    for number, passage, _ in said:
        grades = [g for n, p, g in said if (n, p) == (number, passage) and g is not None]
        if grades:
            chosen = found[number][passage]
            assert grades.count(chosen) == max(map(grades.count, grades))
        else:
            assert passage not in found.get(number, {})


def test_of_equals_the_newest_counts() -> None:
    assert counting([entry(1, "a", 2), entry(1, "a", 0)]) == {1: {"a": 0}}
    assert counting([entry(1, "a", 2), entry(1, "a", 0), entry(1, "a", 2)]) == {1: {"a": 2}}


def test_judging_what_nobody_finds_says_that_the_documents_lack_it(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_with(database, settings, manuals(4))
    asking = Asking(typed="What does code X999 mean?\nWhat does code E001 mean?")
    probe = probed_here(database, settings, case_id, asking)
    judge_on(database, book, probe)
    result = probe_again(database, probe).result
    assert result is not None
    assert (result["relevance"]["absent"], result["questions"]) == (1, 1)
    assert result["misses"]["bm25"]["reasons"]["not_in_documents"]["count"] == 1
