"""A probe's result made anew from the hits that were kept, once people judged: no search.

A question of which people judged all that was found counts by their word. Where relevance was
guessed from reference answers, it goes on to count until enough questions are judged (the threshold
``min_judged_questions``, or all there are); from then on only what people judged does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.judgements import counting, newest
from app.log_rows import plain_json
from app.probe_found import document_of
from app.probe_questions import question_of, records_of
from app.probes import finished
from app.storage import Probe, ProbeHit, ProbePassage, ProbeQuestion, RelevanceKind
from evidence.retrieval.relevance import NONE_RELEVANT, NOT_HELD
from evidence.retrieval.shapes import Hit, Passage, Qrels, Ranking

KEPT = (
    "index_seconds",
    "queries_per_second",
    "index_mb",
    "machine_hours_per_million_queries",
    "cost_per_million_queries",
    "settings",
)
"""What the result says of a retriever that no judgement changes."""
SETTINGS = ("size", "overlap", "depth", "budget", "seed")
UNJUDGED = "it was not judged"
NOTHING = "nothing that was found is relevant to it"
ABSENT = (NOTHING, NOT_HELD, NONE_RELEVANT)
"""Why a question is not measured, where its answer is in no document as far as is known."""


def rescore(session: Session, book: Rulebook, probe: Probe) -> None:
    """Make the result of a probe anew from its hits and from all that is known to be relevant."""
    from app.probe_store import fared, write_questions
    from evidence.retrieval.figures import Circumstances, Settings, figures

    before = finished(probe)
    rows = session.scalars(
        select(ProbeQuestion)
        .where(ProbeQuestion.probe_id == probe.id)
        .order_by(ProbeQuestion.number)
    ).all()
    relevance, kinds = _relevance(session, book, probe, rows)
    measured = [row for row in rows if row.question_id in relevance.qrels]
    # those that nobody judged yet say nothing: who was judged was drawn at random
    counted = [row for row in rows if relevance.without.get(row.question_id) != UNJUDGED]
    settings = Settings(**{name: before["settings"][name] for name in SETTINGS})
    records = records_of(session, probe, measured)
    limits = book.limits(book.latest())
    around = Circumstances(limits, records or None, before["in_use"])
    found = _found(session, probe, measured, before)
    asked = [question_of(row) for row in counted]
    result = figures(found, asked, relevance, settings, around)
    result["relevance"]["not_judged"] = len(rows) - len(counted)
    every = fared([row.question_id for row in rows], relevance, result.pop("per_question"), kinds)
    write_questions(session, rows, every)
    same = ("repeated_documents", "seconds", "rulebook")
    probe.result = plain_json(result | {name: before[name] for name in same}, before)
    session.flush()
    session.expire_all()


def _relevance(
    session: Session, book: Rulebook, probe: Probe, rows: Sequence[ProbeQuestion]
) -> tuple[Any, dict[str, RelevanceKind]]:
    """What counts as relevant now, and of each question how that is known."""
    from evidence.retrieval.metrics import judged
    from evidence.retrieval.relevance import Relevance

    said = counting(newest(session, probe))
    complete = {row.question_id for row in rows if 0 < row.pool <= row.judged}
    pooled = sum(row.pool > 0 for row in rows)
    least = min(int(book.limits(book.latest())["min_judged_questions"]), pooled)
    guessed = probe.qrels is None and any(row.guessed for row in rows)
    weak = guessed and len(complete) < least
    qrels: Qrels = {}
    kinds: dict[str, RelevanceKind] = {}
    without: dict[str, str] = {}
    for row in rows:
        name = row.question_id
        if name in complete and not weak:
            qrels[name], kinds[name] = said[row.number], "judged"
            without[name] = NOTHING
        elif weak or probe.qrels is not None:
            qrels[name], kinds[name] = dict(row.guessed), "weak" if weak else "qrels"
            without[name] = row.guessed_why
        else:
            without[name] = UNJUDGED
    sure = set(judged(qrels))
    without = {name: why for name, why in without.items() if name not in sure}
    absent = frozenset(name for name, why in without.items() if why in ABSENT)
    ordered = {name: grades for name, grades in qrels.items() if name in sure}
    return Relevance(ordered, weak, absent, without), kinds


def _found(
    session: Session, probe: Probe, measured: Sequence[ProbeQuestion], before: Mapping[str, Any]
) -> Any:
    """What was found, as far as it was kept."""
    from evidence.retrieval.figures import Found

    rankings = _rankings(session, probe, measured, list(before["retrievers"]))
    wanted = select(ProbePassage).where(ProbePassage.probe_id == probe.id).order_by(ProbePassage.id)
    texts = [_passage(row) for row in session.scalars(wanted)]
    named = {
        hit.passage for ranked in rankings.values() for hits in ranked.values() for hit in hits
    }
    about = {
        name: {key: entry[key] for key in KEPT if key in entry}
        for name, entry in before["retrievers"].items()
    }
    return Found(
        documents=before["documents"],
        passages=before["passages"],
        tokens=before["tokens"],
        repeated=before["settings"]["repeated_passages"],
        texts=texts,
        document_of={name: document_of(name) for name in named}
        | {text.id: text.document for text in texts},
        rankings=rankings,
        about=about,
    )


def _rankings(
    session: Session, probe: Probe, measured: Sequence[ProbeQuestion], names: Sequence[str]
) -> dict[str, dict[str, Ranking]]:
    questions = {row.number: row.question_id for row in measured}
    found: dict[str, dict[str, Ranking]] = {
        name: {question: [] for question in questions.values()} for name in names
    }
    columns = (ProbeHit.retriever, ProbeHit.number, ProbeHit.passage, ProbeHit.score)
    wanted = select(*columns).where(ProbeHit.probe_id == probe.id)
    if len(questions) < 500:
        wanted = wanted.where(ProbeHit.number.in_(questions))
    for retriever, number, passage, score in session.execute(wanted.order_by(ProbeHit.rank)):
        if number in questions:
            found[retriever][questions[number]].append(Hit(passage, score))
    return found


def _passage(row: ProbePassage) -> Passage:
    return Passage(row.passage, row.document, row.start, row.end, row.text, row.heading, row.tokens)
