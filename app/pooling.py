"""Judging what was found: the first ten of all retrievers together, shuffled, source hidden.

Questions come in an order drawn at random once, each with all that was found for it before the
next, so that those judged so far are a fair sample. What people say is only ever added.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from advisor_rules.rulebook import Rulebook
from app.errors import Invalid, Wrong
from app.judgements import counting, newest
from app.labelling import LONGEST_ANNOTATOR
from app.probe_found import find_passage, find_question, passages_of, top_hits
from app.probes import finished, get_probe, lock_probe
from app.rescoring import rescore
from app.storage import Probe, ProbeJudgement, ProbePassage, ProbeQuestion
from app.text import text_problem, tidy

GRADES = (0, 1, 2)
"""0: does not answer the question; 1: helps to answer it; 2: answers it."""

MOST_AT_ONCE = 500
"""With more measured questions than this, a result takes seconds to be made anew..."""
EVERY = 10
"""...and follows every so many judged questions."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person says of a passage."""

    passage_id: int
    """The id of the passage's row."""
    grade: int
    annotator: str


@dataclass(frozen=True, slots=True)
class NextToJudge:
    """The passage to judge next, for which question."""

    question: ProbeQuestion
    passage: ProbePassage
    place: int
    """Which of the question's passages this is, from 1."""
    of: int
    """Passages of this question."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the judging is, and what it still takes."""

    questions: int
    """All of the probe that have something to judge."""
    judged: int
    """Those of which everything is judged."""
    judgements: int
    """Passages judged, of all questions."""
    needed: int
    """Questions to judge, all told, until an answer can be expected: some may have to be added."""
    more: int
    """Further questions of this probe to judge until then; 0 where the answer is there."""
    decided: bool
    """Whether the verdict rests on judgements (given or made here) and can tell."""
    annotators: dict[str, int]
    """Everybody who judges -> how many passages."""


def next_to_judge(session: Session, case_id: str, probe_id: str) -> NextToJudge | None:
    """The passage to judge next; None where everything is judged. Raises NotFound or Conflict."""
    probe = get_probe(session, case_id, probe_id)
    finished(probe)
    wanted = (
        select(ProbeQuestion)
        .where(ProbeQuestion.probe_id == probe.id, ProbeQuestion.judged < ProbeQuestion.pool)
        .order_by(ProbeQuestion.place)
        .limit(1)
    )
    question = session.scalar(wanted)
    if question is None:
        return None
    names = pool_of(session, probe, question.number)
    said = grades_of(session, probe, question.number)
    place, name = next((at, name) for at, name in enumerate(names, 1) if name not in said)
    passage = passages_of(session, probe, [name])[name]
    return NextToJudge(question, passage, place, len(names))


def to_judge(
    session: Session, case_id: str, probe_id: str, number: int, passage_id: int
) -> NextToJudge:
    """A passage to judge, or to judge again. Raises NotFound or Conflict."""
    probe = get_probe(session, case_id, probe_id)
    finished(probe)
    question = find_question(session, probe, number)
    passage = find_passage(session, probe, passage_id)
    names = pool_of(session, probe, number)
    _pooled(passage, names)
    return NextToJudge(question, passage, names.index(passage.passage) + 1, len(names))


def judge(
    session: Session, book: Rulebook, case_id: str, probe_id: str, number: int, said: Judgement
) -> ProbeJudgement:
    """Say how well a passage answers a question; the result follows once a question is complete.

    Where people differ, what most of them say counts, and the newest of equals. Raises NotFound,
    Conflict, or Invalid.
    """
    probe = lock_probe(session, case_id, probe_id)
    finished(probe)
    who = _checked(said)
    find_question(session, probe, number)
    passage = find_passage(session, probe, said.passage_id)
    _pooled(passage, pool_of(session, probe, number))
    entry = ProbeJudgement(
        probe_id=probe.id, number=number, passage=passage.passage, grade=said.grade, annotator=who
    )
    return _append(session, book, probe, entry)


def undo(
    session: Session, book: Rulebook, case_id: str, probe_id: str, annotator: str
) -> ProbeJudgement | None:
    """Take back what this person said last in this probe and did not take back yet.

    The entry that says so; None where nothing is left to undo. Raises NotFound or Conflict.
    """
    probe = lock_probe(session, case_id, probe_id)
    finished(probe)
    last = session.scalar(_not_undone(probe, tidy(annotator)))
    if last is None:
        return None
    earlier = session.scalar(_before(last))
    entry = ProbeJudgement(
        probe_id=probe.id,
        number=last.number,
        passage=last.passage,
        grade=earlier.grade if earlier else None,
        annotator=last.annotator,
        undoes=last.id,
    )
    return _append(session, book, probe, entry)


def standing(session: Session, book: Rulebook, case_id: str, probe_id: str) -> Standing:
    """How far the judging of a probe is. Raises NotFound or Conflict."""
    probe = get_probe(session, case_id, probe_id)
    verdict = finished(probe)["verdict"]
    of = ProbeQuestion.probe_id == probe.id, ProbeQuestion.pool > 0
    questions, judgements = session.execute(
        select(func.count(), func.coalesce(func.sum(ProbeQuestion.judged), 0)).where(*of)
    ).one()
    least = int(book.limits(book.latest())["min_judged_questions"])
    open_ = verdict["decision"] == "cannot_tell"
    needed = max(least, verdict["questions"] + verdict["judge_more"]) if open_ else least
    weak = verdict["weak"] or verdict["questions"] == 0
    decided = not weak and not open_
    more = 0 if decided else max(0, min(needed, questions) - probe.judged)
    people = Counter(entry.annotator for entry in newest(session, probe) if entry.grade is not None)
    return Standing(
        questions, probe.judged, int(judgements), needed, more, decided, dict(people.most_common())
    )


def pool_of(session: Session, probe: Probe, number: int) -> list[str]:
    """The passages of a question that are judged, in an order that tells nothing of their rank."""
    found = {hit.passage for hit in top_hits(session, probe, number)}
    return sorted(found, key=lambda name: _digest(probe.id, number, name))


def grades_of(session: Session, probe: Probe, number: int) -> dict[str, int]:
    """Passage -> the grade that counts, for those of a question that are judged."""
    return counting(newest(session, probe, number)).get(number, {})


def _append(
    session: Session, book: Rulebook, probe: Probe, entry: ProbeJudgement
) -> ProbeJudgement:
    """Store an entry; where it completes a question, or reopens one, the result is made anew."""
    session.add(entry)
    session.flush()
    question = find_question(session, probe, entry.number)
    before = question.pool > 0 and question.judged >= question.pool
    question.judged = len(grades_of(session, probe, entry.number))
    complete = question.judged >= question.pool
    probe.judged += complete - before
    session.flush()
    many = finished(probe)["questions"] > MOST_AT_ONCE and probe.judged % EVERY
    if (complete or before) and not many:
        rescore(session, book, probe)
    return entry


def _checked(said: Judgement) -> str:
    who = tidy(said.annotator)
    problems = []
    if not who:
        problems.append(Wrong("annotator", "must not be empty"))
    elif problem := text_problem(who, LONGEST_ANNOTATOR):
        problems.append(Wrong("annotator", problem))
    if said.grade not in GRADES:
        problems.append(Wrong("grade", "must be 0, 1 or 2"))
    if problems:
        raise Invalid(problems)
    return who


def _pooled(passage: ProbePassage, names: Sequence[str]) -> None:
    if passage.passage not in names:
        words = "is not among the first ten of any retriever for this question"
        raise Invalid([Wrong("passage_id", words)])


def _digest(*parts: object) -> str:
    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).hexdigest()


def _not_undone(probe: Probe, annotator: str) -> Select[ProbeJudgement]:
    """The newest entry of a person that is no undo and was not undone."""
    gone = aliased(ProbeJudgement)
    undone = select(gone.undoes).where(
        gone.probe_id == probe.id, gone.annotator == annotator, gone.undoes.is_not(None)
    )
    return (
        select(ProbeJudgement)
        .where(
            ProbeJudgement.probe_id == probe.id,
            ProbeJudgement.annotator == annotator,
            ProbeJudgement.undoes.is_(None),
            ProbeJudgement.id.not_in(undone),
        )
        .order_by(ProbeJudgement.id.desc())
        .limit(1)
    )


def _before(entry: ProbeJudgement) -> Select[ProbeJudgement]:
    """What the same person said of the same pair before an entry."""
    return (
        select(ProbeJudgement)
        .where(
            ProbeJudgement.probe_id == entry.probe_id,
            ProbeJudgement.number == entry.number,
            ProbeJudgement.passage == entry.passage,
            ProbeJudgement.annotator == entry.annotator,
            ProbeJudgement.id < entry.id,
        )
        .order_by(ProbeJudgement.id.desc())
        .limit(1)
    )
