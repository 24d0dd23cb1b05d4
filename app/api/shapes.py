"""Shapes of answers about cases: what programs may rely on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from advisor_rules.model import FactValue, Origin
from advisor_rules.model import Value as FactContent
from app.advising import Difference
from app.api.advice_shape import AdviceOut, RulebookOut
from app.intake import FactChange, FactState
from app.storage import AdviceRecord, FactEntry

Item = TypeVar("Item")


class PageOut(BaseModel, Generic[Item]):
    """One page of a list; the Link header leads to the others."""

    items: list[Item]
    total: int
    limit: int
    offset: int


class CaseOut(BaseModel):
    """A case."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    description: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    version: int


class ValueOut(BaseModel):
    """A value of a fact and where it comes from."""

    value: FactContent
    origin: Origin
    evidence: str

    @classmethod
    def of(cls, value: FactValue) -> ValueOut:
        """The shape of a fact value."""
        return cls(value=value.value, origin=value.origin, evidence=value.evidence)


class StateOut(BaseModel):
    """What holds of a fact; ``others`` are values of lower rank that say otherwise."""

    state: Literal["known", "unknown"]
    value: FactContent | None
    origin: Origin
    evidence: str
    others: list[ValueOut]
    updated_at: datetime

    @classmethod
    def of(cls, state: FactState) -> StateOut:
        """The shape of a fact's state."""
        value = state.value
        return cls(
            state=state.state,
            value=value.value if value else None,
            origin=value.origin if value else "answered",
            evidence=value.evidence if value else "",
            others=[ValueOut.of(other) for other in state.others],
            updated_at=state.updated_at,
        )


class CaseFactsOut(BaseModel):
    """What holds of every fact of a case that something is said of."""

    facts: dict[str, StateOut]
    version: int


class ChangeOut(BaseModel):
    """A fact before and after; null where nothing is said of it."""

    fact: str
    before: StateOut | None
    after: StateOut | None

    @classmethod
    def of(cls, change: FactChange) -> ChangeOut:
        """The shape of a change."""
        return cls(
            fact=change.fact,
            before=StateOut.of(change.before) if change.before else None,
            after=StateOut.of(change.after) if change.after else None,
        )


class ChangesOut(BaseModel):
    """What a write changed of what holds."""

    changes: list[ChangeOut]
    version: int


class EntryOut(BaseModel):
    """One statement about a fact; entries are only ever added."""

    id: int
    fact: str
    state: Literal["known", "unknown", "withdrawn"]
    value: FactContent | None
    origin: Origin
    evidence: str
    created_at: datetime
    change: str
    undoes: str | None

    @classmethod
    def of(cls, entry: FactEntry) -> EntryOut:
        """The shape of a stored entry."""
        names = set(cls.model_fields) - {"fact"}
        return cls(fact=entry.fact_id, **{name: getattr(entry, name) for name in names})


class AdviceSummaryOut(BaseModel):
    """Advice that was given, in short."""

    id: str
    number: int
    created_at: datetime
    step: str | None
    as_of: date
    rulebook: RulebookOut

    @classmethod
    def of(cls, record: AdviceRecord) -> AdviceSummaryOut:
        """The shape of a record."""
        return cls(**_summary(record))


class DifferenceOut(BaseModel):
    """What changed since the advice before, and which facts did it."""

    step_from: str | None
    step_to: str | None
    facts_changed: list[dict[str, FactContent | None]]
    decisive: list[str]
    sufficient: list[str]
    rulebook_changed: bool
    rulebook_decisive: bool

    @classmethod
    def of(cls, found: Difference) -> DifferenceOut:
        """The shape of a difference."""
        return cls(
            step_from=found.step_from,
            step_to=found.step_to,
            facts_changed=[
                {"fact": item.fact, "from": item.before, "to": item.after}
                for item in found.facts_changed
            ],
            decisive=list(found.decisive),
            sufficient=list(found.sufficient),
            rulebook_changed=found.rulebook_changed,
            rulebook_decisive=found.rulebook_decisive,
        )


class AdviceRecordOut(AdviceSummaryOut):
    """Advice that was given, whole."""

    advice: AdviceOut
    difference: DifferenceOut | None = None


class ReplayOut(BaseModel):
    """Whether the stored facts give the stored advice again."""

    same: bool
    why: str


def record_data(record: AdviceRecord, found: Difference | None = None) -> dict[str, Any]:
    """An AdviceRecordOut as data: stored advice is given as it was stored."""
    difference = DifferenceOut.of(found).model_dump() if found else None
    return {**_summary(record), "advice": record.advice, "difference": difference}


def _summary(record: AdviceRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "number": record.number,
        "created_at": record.created_at,
        "step": record.step,
        "as_of": record.as_of,
        "rulebook": {"version": record.rulebook_version, "hash": record.rulebook_hash},
    }
