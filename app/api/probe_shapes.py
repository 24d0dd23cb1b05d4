"""Answers of the endpoints of documents and probes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.api.advice_shape import RulebookOut
from app.api.log_shapes import ProgressOut
from app.pooling import NextToJudge, Standing
from app.probe_choices import Offer, shown_url
from app.probe_found import PassageView, QuestionDetail, Shown
from app.probes import asked_of, chosen_of, progress_of
from app.storage import (
    DocumentFile,
    DocumentState,
    Probe,
    ProbeJudgement,
    ProbePassage,
    ProbeQuestion,
    ProbeState,
    RelevanceKind,
)


class DocumentOut(BaseModel):
    """A file of documents; `problems` is what could not be read of it."""

    id: str
    case_id: str
    name: str
    bytes: int | None
    received: int
    sha256: str
    state: DocumentState
    problems: list[str]
    created_at: datetime

    @classmethod
    def of(cls, document: DocumentFile, problems: list[str]) -> DocumentOut:
        """The shape of a file."""
        names = set(cls.model_fields) - {"problems"}
        return cls(problems=problems, **{name: getattr(document, name) for name in names})


class DocumentArrivedOut(BaseModel):
    """How much of a file has arrived."""

    received: int
    bytes: int | None
    state: DocumentState


class OfferOut(BaseModel):
    """A retriever that can be measured, or what to do until it can."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    available: bool
    usual: bool
    how: str

    @classmethod
    def of(cls, offer: Offer) -> OfferOut:
        """The shape of an offer."""
        return cls.model_validate(offer)


class EndpointOut(BaseModel):
    """Your own search as it was asked; the address without its query."""

    url: str
    kind: str


class ChosenOut(BaseModel):
    """How a probe is made."""

    retrievers: list[str]
    size: int | None
    overlap: int | None
    budget: int | None
    price_per_hour: float | None
    endpoint: EndpointOut | None

    @classmethod
    def of(cls, probe: Probe) -> ChosenOut:
        """The settings of a probe."""
        chosen = chosen_of(probe)
        own = chosen.endpoint
        return cls(
            retrievers=list(chosen.retrievers),
            size=chosen.size,
            overlap=chosen.overlap,
            budget=chosen.budget,
            price_per_hour=chosen.price_per_hour,
            endpoint=EndpointOut(url=shown_url(own.url), kind=own.kind) if own else None,
        )


class ProbeProgressOut(ProgressOut):
    """How far a probe is."""

    stage: str


class ProbeRowOut(BaseModel):
    """A probe in a list."""

    id: str
    case_id: str
    name: str
    state: ProbeState
    error: str
    origin: str
    log_id: str | None
    labels: list[str]
    questions: int
    judged: int
    document_ids: list[str]
    chosen: ChosenOut
    rulebook: RulebookOut | None
    progress: ProbeProgressOut
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    applied_at: datetime | None

    @classmethod
    def row(cls, session: Session, probe: Probe) -> ProbeRowOut:
        """The shape of a probe in a list."""
        return cls(**_shared(session, probe))


class NotReadOut(BaseModel):
    """Something that could not be read; `document` is the id of the file, or empty."""

    document: str
    source: str
    line: int
    why: str


class ResultOut(BaseModel):
    """What `formfact probe --json` prints."""

    model_config = ConfigDict(extra="allow")

    documents: int
    passages: int
    questions: int
    retrievers: dict[str, dict[str, Any]]
    comparisons: list[dict[str, Any]]
    verdict: dict[str, Any]


class ProbeOut(ProbeRowOut):
    """A probe with all that it says; `result` is null until it is done."""

    problems: list[NotReadOut]
    result: ResultOut | None

    @classmethod
    def of(cls, session: Session, probe: Probe) -> ProbeOut:
        """The shape of a probe."""
        result = ResultOut.model_validate(probe.result) if probe.result else None
        problems = [NotReadOut(**item) for item in probe.problems]
        return cls(**_shared(session, probe), problems=problems, result=result)


def _shared(session: Session, probe: Probe) -> dict[str, Any]:
    progress, asked = progress_of(session, probe), asked_of(probe)
    made = {"rulebook", "progress", "chosen", "origin", "labels"}
    names = set(ProbeRowOut.model_fields) - made
    hashed = probe.rulebook_hash
    return {
        "rulebook": RulebookOut(version=probe.rulebook_version, hash=hashed) if hashed else None,
        "progress": ProbeProgressOut(
            share=progress.share,
            seconds=progress.seconds,
            seconds_left=progress.seconds_left,
            waiting=progress.waiting,
            stage=progress.stage,
        ),
        "chosen": ChosenOut.of(probe),
        "origin": asked["origin"],
        "labels": asked["labels"],
        **{name: getattr(probe, name) for name in names},
    }


class QuestionOut(BaseModel):
    """A question, what is relevant to it, and how each retriever did; `why`: why not measured."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    question_id: str
    text: str
    reference: str
    kind: str
    group: str
    origin: str
    relevance: RelevanceKind
    why: str
    relevant: dict[str, int]
    by: dict[str, dict[str, Any]]
    pool: int
    judged: int

    @classmethod
    def of(cls, row: ProbeQuestion) -> QuestionOut:
        """The shape of a question."""
        return cls.model_validate(row)


class PassageOut(BaseModel):
    """A piece of a document, from character `start` to `end`."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    passage: str
    document: str
    title: str
    source: str
    start: int
    end: int
    heading: str
    text: str

    @classmethod
    def of(cls, row: ProbePassage) -> PassageOut:
        """The shape of a passage."""
        return cls.model_validate(row)


class HitOut(BaseModel):
    """A passage at its rank; `passage` is null where its text was not kept."""

    rank: int
    score: float
    passage_id: str
    grade: int | None
    passage: PassageOut | None

    @classmethod
    def of(cls, shown: Shown) -> HitOut:
        """The shape of a hit."""
        passage = PassageOut.of(shown.passage) if shown.passage else None
        return cls(
            rank=shown.rank,
            score=shown.score,
            passage_id=shown.passage_id,
            grade=shown.grade,
            passage=passage,
        )


class QuestionDetailOut(QuestionOut):
    """A question with the first ten of every retriever."""

    tops: dict[str, list[HitOut]]
    relevant_passages: list[PassageOut]
    previous: int | None
    next: int | None

    @classmethod
    def detail(cls, found: QuestionDetail) -> QuestionDetailOut:
        """The shape of a question, whole."""
        return cls(
            **QuestionOut.of(found.question).model_dump(),
            tops={name: [HitOut.of(hit) for hit in hits] for name, hits in found.tops.items()},
            relevant_passages=[PassageOut.of(row) for row in found.relevant],
            previous=found.previous,
            next=found.next,
        )


class PassageViewOut(PassageOut):
    """A passage at its place in its document; `cut`: the document goes on beyond `after`."""

    before: str
    after: str
    cut: bool

    @classmethod
    def view(cls, found: PassageView) -> PassageViewOut:
        """The shape of a passage at its place."""
        passage = PassageOut.of(found.passage).model_dump()
        return cls(**passage, before=found.before, after=found.after, cut=found.cut)


class StandingOut(BaseModel):
    """How far the judging is, and how many more questions it takes."""

    model_config = ConfigDict(from_attributes=True)

    questions: int
    judged: int
    judgements: int
    needed: int
    more: int
    decided: bool
    annotators: dict[str, int]

    @classmethod
    def of(cls, found: Standing) -> StandingOut:
        """The shape of a standing."""
        return cls.model_validate(found)


class AskedOut(BaseModel):
    """The question that a passage is judged for; how it was found is not told."""

    number: int
    text: str
    reference: str


class NextToJudgeOut(BaseModel):
    """What to judge next, both null where everything is judged."""

    question: AskedOut | None
    passage: PassageOut | None
    place: int
    of: int

    @classmethod
    def shown(cls, found: NextToJudge | None) -> NextToJudgeOut:
        """The shape of what is next."""
        if found is None:
            return cls(question=None, passage=None, place=0, of=0)
        row = found.question
        question = AskedOut(number=row.number, text=row.text, reference=row.reference)
        passage = PassageOut.of(found.passage)
        return cls(question=question, passage=passage, place=found.place, of=found.of)


class JudgementOut(BaseModel):
    """An entry of what people say; entries are only ever added. Grade null: says nothing now."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: int
    passage: str
    grade: int | None
    annotator: str
    undoes: int | None
    created_at: datetime

    @classmethod
    def of(cls, entry: ProbeJudgement) -> JudgementOut:
        """The shape of an entry."""
        return cls.model_validate(entry)


class JudgementUndoneOut(BaseModel):
    """What was taken back; null where nothing was left to undo."""

    undone: JudgementOut | None
