"""Shapes of answers about failure logs: what programs may rely on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.api.advice_shape import RulebookOut
from app.api.shapes import ChangeOut, ValueOut
from app.labelling import Agreement, Next
from app.log_records import RecordDetail, RecordRow
from app.logs import progress_of
from app.measuring import Applied, FactConflict
from app.storage import FailureLog, HumanLabel, LogState, SkippedRow
from evidence.reading import Preview


class ProgressOut(BaseModel):
    """How far a log is."""

    share: float | None
    seconds: float | None
    seconds_left: float | None
    waiting: int


class LogOut(BaseModel):
    """A failure log: its file, its diagnosis, and how far that is."""

    id: str
    case_id: str
    name: str
    kind: str
    bytes: int | None
    received: int
    sha256: str
    state: LogState
    mapping: dict[str, str] | None
    records: int
    skipped: int
    duplicates: int
    labelled: int
    error: str
    rulebook: RulebookOut | None
    progress: ProgressOut
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    applied_at: datetime | None

    @classmethod
    def of(cls, session: Session, log: FailureLog) -> LogOut:
        """The shape of a log."""
        progress = progress_of(session, log)
        names = set(cls.model_fields) - {"rulebook", "progress"}
        hashed = log.rulebook_hash
        return cls(
            rulebook=RulebookOut(version=log.rulebook_version, hash=hashed) if hashed else None,
            progress=ProgressOut(
                share=progress.share,
                seconds=progress.seconds,
                seconds_left=progress.seconds_left,
                waiting=progress.waiting,
            ),
            **{name: getattr(log, name) for name in names},
        )


class ArrivedOut(BaseModel):
    """How much of a file has arrived."""

    received: int
    bytes: int | None
    state: LogState


class GoneOut(BaseModel):
    """A log that was taken away."""

    id: str
    deleted: bool


class PreviewOut(BaseModel):
    """The beginning of a log: its columns, what they are taken for, and its first rows."""

    kind: str
    columns: list[str]
    mapping: dict[str, str]
    unmapped: list[str]
    missing: list[str]
    rows: list[dict[str, str]]

    @classmethod
    def of(cls, found: Preview) -> PreviewOut:
        """The shape of a preview."""
        return cls(
            kind=found.kind,
            columns=list(found.columns),
            mapping=dict(found.mapping),
            unmapped=list(found.unmapped),
            missing=list(found.missing),
            rows=[dict(row) for row in found.rows],
        )


class ShareOut(BaseModel):
    """A share with its 95% interval; null where nothing was counted."""

    model_config = ConfigDict(extra="allow")

    count: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class SkippedOut(BaseModel):
    """A row of the file that is no record, and why."""

    line: int
    why: str

    @classmethod
    def of(cls, row: SkippedRow) -> SkippedOut:
        """The shape of a row left out."""
        return cls(line=row.line, why=row.why)


class SummaryOut(BaseModel):
    """What a log says: shares with intervals, subtypes, coverage, saturation, change over time."""

    model_config = ConfigDict(extra="allow")

    records: int
    repeats: int
    labelled_by_people: int
    labels: dict[str, ShareOut]
    failing: dict[str, Any]
    subtypes: dict[str, ShareOut]
    confidence: dict[str, int]
    coverage: dict[str, Any]
    saturation: dict[str, Any]
    needed: dict[str, Any]
    over_time: list[dict[str, Any]]
    rulebook: RulebookOut
    skipped: list[SkippedOut]
    skipped_rows: int
    seconds: float | None


class RecordOut(BaseModel):
    """A record in a list."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    line: int
    record_id: str
    label: str
    subtype: str
    confidence: str
    by_person: bool
    machine_label: str
    machine_subtype: str
    input: str
    output: str
    repeats: int
    repeat_of: int | None
    happened_at: datetime | None

    @classmethod
    def of(cls, row: RecordRow) -> RecordOut:
        """The shape of a row."""
        return cls.model_validate(row)


class SaidOut(BaseModel):
    """What an annotator says of a record now."""

    annotator: str
    label: str
    subtype: str
    note: str
    created_at: datetime


class RecordDetailOut(RecordOut):
    """One record, whole, with everything that speaks for its class."""

    record: dict[str, Any]
    signals: list[dict[str, Any]]
    rules: list[str]
    labels: list[SaidOut]
    previous: int | None
    next: int | None

    @classmethod
    def detail(cls, found: RecordDetail) -> RecordDetailOut:
        """The shape of a record."""
        return cls(
            **RecordOut.of(found.row).model_dump(),
            record=found.body,
            signals=list(found.signals),
            rules=list(found.rules),
            labels=[SaidOut(**asdict(said)) for said in found.said],
            previous=found.previous,
            next=found.next,
        )


class LabelOut(BaseModel):
    """An entry of what people say; entries are only ever added. Label null: says nothing now."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: int
    annotator: str
    label: str | None
    subtype: str
    note: str
    undoes: int | None
    created_at: datetime

    @classmethod
    def of(cls, entry: HumanLabel) -> LabelOut:
        """The shape of an entry."""
        return cls.model_validate(entry)


class UndoneOut(BaseModel):
    """What was taken back; null where nothing was left to undo."""

    undone: LabelOut | None


class NextOut(BaseModel):
    """The record that tells most when it is labelled next; null where all are."""

    number: int | None
    why: str
    at_random: bool
    left: int

    @classmethod
    def of(cls, found: Next | None) -> NextOut:
        """The shape of a proposal."""
        if found is None:
            return cls(number=None, why="every record is labelled", at_random=False, left=0)
        return cls(**asdict(found))


class AgreementOut(BaseModel):
    """How well two annotators agree: Cohen's kappa with its 95% interval."""

    first: str
    second: str
    n: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None
    confusion: dict[str, dict[str, int]]

    @classmethod
    def of(cls, found: Agreement) -> AgreementOut:
        """The shape of an agreement."""
        return cls(**asdict(found))


class AgreementsOut(BaseModel):
    """Who labelled how many records, and how well each two agree."""

    annotators: dict[str, int]
    pairs: list[AgreementOut]


class ConflictOut(BaseModel):
    """A measured fact that somebody answered otherwise."""

    fact: str
    measured: ValueOut
    answered: list[ValueOut]

    @classmethod
    def of(cls, found: FactConflict) -> ConflictOut:
        """The shape of a conflict."""
        return cls(
            fact=found.fact,
            measured=ValueOut.of(found.measured),
            answered=[ValueOut.of(value) for value in found.answered],
        )


class AppliedOut(BaseModel):
    """What a log changed in its case; ``advice`` is the number of the newest advice, if any."""

    changes: list[ChangeOut]
    conflicts: list[ConflictOut]
    advice: int | None
    version: int

    @classmethod
    def of(cls, done: Applied, conflicts: list[FactConflict], version: int) -> AppliedOut:
        """The shape of what was applied."""
        return cls(
            changes=[ChangeOut.of(change) for change in done.changes],
            conflicts=[ConflictOut.of(item) for item in conflicts],
            advice=done.advice.number if done.advice else None,
            version=version,
        )
