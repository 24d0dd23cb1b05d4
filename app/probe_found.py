"""What a probe found: its questions, each with what every retriever gave, and passages in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound, Wrong
from app.paging import Page, page_of
from app.probes import finished, get_probe
from app.storage import (
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbePassage,
    ProbeQuestion,
    RelevanceKind,
)

Sort = Literal["number", "best", "worst"]
TOP = 10
"""Ranks that are shown, judged and counted as found."""
LONGEST_SEARCH = 200
FURTHEST = 1 << 31
LAST = 1_000_000
"""The rank of what was not found, for sorting."""


@dataclass(frozen=True, slots=True)
class QuestionQuery:
    """Which questions of a probe; what is left out does not matter."""

    search: str = ""
    """Words that the question holds."""
    kind: str = ""
    relevance: RelevanceKind | Literal[""] = ""
    retriever: str = ""
    """The one that ``found`` and ``sort`` speak of; by default the one to begin with."""
    found: bool | None = None
    """Whether it has something relevant among its first ten."""
    sort: Sort = "number"
    """``best`` and ``worst``: by the rank that the retriever gave what is relevant."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions have each kind and each relevance; for filters."""

    kinds: dict[str, int]
    relevance: dict[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as one retriever found it."""

    rank: int
    score: float
    passage_id: str
    """``DOCUMENT#START-END``."""
    passage: ProbePassage | None
    """None where its text was not kept."""
    grade: int | None
    """Of the passage or of its document; None where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class QuestionDetail:
    """One question with the first ten of every retriever."""

    question: ProbeQuestion
    tops: dict[str, list[Shown]]
    """Retriever -> what it found, best first."""
    relevant: list[ProbePassage]
    """The passages known to be relevant, as far as their text was kept."""
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage at its place: before, its text and after are what was kept of the document."""

    passage: ProbePassage
    document: ProbeDocument | None
    before: str
    after: str
    cut: bool
    """Whether the document goes on beyond what was kept."""


def list_questions(
    session: Session,
    case_id: str,
    probe_id: str,
    query: QuestionQuery | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Page[ProbeQuestion]:
    """A page of a probe's questions. Raises NotFound, Conflict, or Invalid (no such retriever)."""
    probe = get_probe(session, case_id, probe_id)
    query = query or QuestionQuery()
    rank = _rank_of(_retriever(probe, query.retriever))
    wanted = _chosen(probe, query, rank)
    order: list[Any] = [ProbeQuestion.number]
    if query.sort != "number":
        place = func.coalesce(rank, LAST)
        order = [place.desc() if query.sort == "worst" else place, ProbeQuestion.number]
        wanted = wanted.where(ProbeQuestion.why == "")
    return page_of(session, wanted, order, limit, offset)


def counts_of(session: Session, case_id: str, probe_id: str) -> Counts:
    """How many questions of a probe have each kind and relevance. Raises NotFound."""
    probe = get_probe(session, case_id, probe_id)
    of = {
        column.key: dict(
            session.execute(
                select(column, func.count())
                .where(ProbeQuestion.probe_id == probe.id)
                .group_by(column)
                .order_by(func.count().desc(), column)
            ).all()
        )
        for column in (ProbeQuestion.kind, ProbeQuestion.relevance)
    }
    return Counts(of["kind"], of["relevance"])


def find_question(session: Session, probe: Probe, number: int) -> ProbeQuestion:
    """A question by its number (from 1). Raises NotFound."""
    wanted = select(ProbeQuestion).where(
        ProbeQuestion.probe_id == probe.id, ProbeQuestion.number == number
    )
    found = session.scalar(wanted) if 0 < number < FURTHEST else None
    if found is None:
        raise NotFound(f"question {number} in this probe")
    return found


def get_question(session: Session, case_id: str, probe_id: str, number: int) -> QuestionDetail:
    """One question with the first ten of every retriever. Raises NotFound or Conflict."""
    probe = get_probe(session, case_id, probe_id)
    names = list(finished(probe)["retrievers"])
    question = find_question(session, probe, number)
    hits = top_hits(session, probe, number)
    wanted = {hit.passage for hit in hits} | {
        name for name, grade in question.relevant.items() if grade > 0
    }
    passages = passages_of(session, probe, wanted)
    tops: dict[str, list[Shown]] = {name: [] for name in names}
    for hit in hits:
        tops.setdefault(hit.retriever, []).append(_shown(hit, passages, question))
    return QuestionDetail(
        question,
        tops,
        _relevant(session, probe, question),
        number - 1 if number > 1 else None,
        number + 1 if number < probe.questions else None,
    )


def get_passage(session: Session, case_id: str, probe_id: str, passage_id: int) -> PassageView:
    """A passage at its place in its document; ``passage_id`` is its row's. Raises NotFound."""
    probe = get_probe(session, case_id, probe_id)
    passage = find_passage(session, probe, passage_id)
    document = session.scalar(
        select(ProbeDocument).where(
            ProbeDocument.probe_id == probe.id, ProbeDocument.document == passage.document
        )
    )
    if document is None:
        return PassageView(passage, None, "", "", True)
    text = document.text
    before, after = text[: passage.start], text[passage.end :]
    return PassageView(passage, document, before, after, document.characters > len(text))


def find_passage(session: Session, probe: Probe, passage_id: int) -> ProbePassage:
    """A passage by the id of its row. Raises NotFound."""
    found = session.get(ProbePassage, passage_id) if 0 < passage_id < FURTHEST else None
    if found is None or found.probe_id != probe.id:
        raise NotFound("passage with this id in this probe")
    return found


def top_hits(session: Session, probe: Probe, number: int) -> Sequence[ProbeHit]:
    """The first ten of every retriever for a question, by rank."""
    wanted = select(ProbeHit).where(
        ProbeHit.probe_id == probe.id, ProbeHit.number == number, ProbeHit.rank <= TOP
    )
    return session.scalars(wanted.order_by(ProbeHit.rank, ProbeHit.retriever)).all()


def passages_of(session: Session, probe: Probe, names: Iterable[str]) -> dict[str, ProbePassage]:
    """Passages by their names, as far as they were kept."""
    wanted = select(ProbePassage).where(
        ProbePassage.probe_id == probe.id, ProbePassage.passage.in_(sorted(names))
    )
    return {found.passage: found for found in session.scalars(wanted)}


def document_of(passage: str) -> str:
    """The id of the document that a passage is of."""
    return passage.rpartition("#")[0]


def _relevant(session: Session, probe: Probe, question: ProbeQuestion) -> list[ProbePassage]:
    names = sorted(name for name, grade in question.relevant.items() if grade > 0)
    wanted = select(ProbePassage).where(
        ProbePassage.probe_id == probe.id,
        ProbePassage.passage.in_(names) | ProbePassage.document.in_(names),
    )
    return list(session.scalars(wanted.order_by(ProbePassage.document, ProbePassage.start)))


def _shown(hit: ProbeHit, passages: dict[str, ProbePassage], question: ProbeQuestion) -> Shown:
    grade = question.relevant.get(hit.passage, question.relevant.get(document_of(hit.passage)))
    return Shown(hit.rank, hit.score, hit.passage, passages.get(hit.passage), grade)


def _retriever(probe: Probe, name: str) -> str:
    """The retriever asked for, or the one to begin with. Raises Invalid or Conflict."""
    result = finished(probe)
    known = list(result["retrievers"])
    if name and name not in known:
        raise Invalid([Wrong("retriever", f"must be of {', '.join(known)}, not {name[:80]!r}")])
    verdict = result["verdict"]
    return str(name or verdict["retriever"] or verdict["begin_with"] or known[0])


def _rank_of(retriever: str) -> Any:
    return ProbeQuestion.by[(retriever, "rank")].as_integer()


def _chosen(probe: Probe, query: QuestionQuery, rank: Any) -> Select[ProbeQuestion]:
    wanted = select(ProbeQuestion).where(ProbeQuestion.probe_id == probe.id)
    for word in query.search[:LONGEST_SEARCH].replace("\0", " ").split():
        wanted = wanted.where(ProbeQuestion.text.icontains(word, autoescape=True))
    if query.kind:
        wanted = wanted.where(ProbeQuestion.kind == query.kind.replace("\0", " "))
    if query.relevance:
        wanted = wanted.where(ProbeQuestion.relevance == query.relevance)
    if query.found is not None:
        near = func.coalesce(rank, LAST) <= TOP
        wanted = wanted.where(near if query.found else ~near, ProbeQuestion.why == "")
    return wanted
