"""Intake: what is said about a case's facts, by whom, and what holds of it now.

Nothing is changed or deleted: every statement is a new entry. For each fact, the newest statement
of each origin counts, and a measured one outranks an answered one, which outranks an assumed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from advisor_rules import FactValue, InvalidFacts
from advisor_rules.facts import check_facts
from advisor_rules.model import ORIGINS, Origin
from advisor_rules.rulebook import Rulebook
from app.cases import expect_version, get_case, lock_case, touch
from app.paging import Page, page_of
from app.stating import check_change
from app.storage import FactEntry, utc_now
from app.storage.models import new_id
from app.text import tidy

Statements = dict[tuple[str, Origin], FactEntry]
"""The newest entry for each fact and origin."""


@dataclass(frozen=True, slots=True)
class FactState:
    """What holds of a fact: a value, or that a person said "I don't know"."""

    value: FactValue | None
    state: Literal["known", "unknown"]
    others: tuple[FactValue, ...]
    """Values of lower rank that say otherwise."""
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact before and after something was said; None where nothing is said of it."""

    fact: str
    before: FactState | None
    after: FactState | None


def current_facts(session: Session, case_id: str) -> dict[str, FactState]:
    """What holds of every fact that something is said of. Raises NotFound."""
    get_case(session, case_id)
    return _states(_statements(session, case_id))


def known_values(session: Session, case_id: str) -> dict[str, FactValue]:
    """The values that hold, as the advisor takes them. Raises NotFound."""
    return values_of(current_facts(session, case_id))


def values_of(states: Mapping[str, FactState]) -> dict[str, FactValue]:
    """The values among states of facts."""
    return {name: state.value for name, state in states.items() if state.value is not None}


def record_facts(
    session: Session,
    book: Rulebook,
    case_id: str,
    stated: Mapping[str, object],
    *,
    withdraw: Iterable[str] = (),
    unmeasured: Iterable[str] = (),
    expected_version: int | None = None,
) -> list[FactChange]:
    """Record what is said about facts, all of it or nothing; the changes of what holds.

    Each value is a plain value, ``{value, origin, evidence}`` or a FactValue; None means "I don't
    know". Facts in ``withdraw`` are taken back; of those in ``unmeasured`` only what was measured,
    and an answer holds again. Raises InvalidFacts naming every bad fact,
    NotFound, or Stale where the case is not at the expected version any more.
    """
    values = check_change(book, stated, withdraw)
    case = lock_case(session, case_id)
    expect_version(case, expected_version)
    before = _statements(session, case_id)
    entries = [_said(case_id, name, value) for name, value in values.items()]
    entries += _withdrawals(case_id, before, set(withdraw), ORIGINS)
    entries += _withdrawals(case_id, before, set(unmeasured), ("measured",))
    return _append(session, case_id, before, entries)


def undo_last(session: Session, case_id: str) -> list[FactChange]:
    """Take back what was last said at once and not yet taken back; [] where nothing is left.

    Raises NotFound.
    """
    lock_case(session, case_id)
    change = _last_change(session, case_id)
    if change is None:
        return []
    entries = [
        _as_before(session, entry)
        for entry in session.scalars(
            select(FactEntry).where(FactEntry.case_id == case_id, FactEntry.change == change)
        )
    ]
    return _append(session, case_id, _statements(session, case_id), entries, undoes=change)


def fact_history(
    session: Session,
    case_id: str,
    fact_id: str | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Page[FactEntry]:
    """All that was ever said about one fact or all of them, newest first. Raises NotFound."""
    get_case(session, case_id)
    query = select(FactEntry).where(FactEntry.case_id == case_id)
    if fact_id is not None:
        query = query.where(FactEntry.fact_id == fact_id)
    return page_of(session, query, (FactEntry.id.desc(),), limit, offset)


def fitting(
    book: Rulebook, values: Mapping[str, FactValue]
) -> tuple[dict[str, FactValue], tuple[str, ...]]:
    """The values that this rulebook can read, and the ids of facts that it cannot.

    Stored facts outlive rulebooks: a later one may have dropped or narrowed a fact.
    """
    try:
        return check_facts(book.facts, values), ()
    except InvalidFacts as error:
        bad = {problem.fact for problem in error.problems}
        good = {name: value for name, value in values.items() if name not in bad}
        return check_facts(book.facts, good), tuple(sorted(bad))


# --- entries ----------------------------------------------------------------------------------


def _statements(session: Session, case_id: str) -> Statements:
    newest = (
        select(func.max(FactEntry.id))
        .where(FactEntry.case_id == case_id)
        .group_by(FactEntry.fact_id, FactEntry.origin)
    )
    entries = session.scalars(select(FactEntry).where(FactEntry.id.in_(newest)))
    return {(entry.fact_id, entry.origin): entry for entry in entries}


def _said(case_id: str, name: str, value: FactValue | None) -> FactEntry:
    if value is None:
        return FactEntry(case_id=case_id, fact_id=name, state="unknown", origin="answered")
    return FactEntry(
        case_id=case_id,
        fact_id=name,
        value=value.value,
        state="known",
        origin=value.origin,
        evidence=tidy(value.evidence),
    )


def measured_evidence(session: Session, case_id: str) -> dict[str, str]:
    """The evidence of every fact that was measured, whoever measured it last. Raises NotFound."""
    get_case(session, case_id)
    return {
        name: entry.evidence
        for (name, origin), entry in _statements(session, case_id).items()
        if origin == "measured" and entry.state == "known"
    }


def _withdrawals(
    case_id: str, before: Statements, names: set[str], origins: Iterable[Origin]
) -> list[FactEntry]:
    return [
        FactEntry(case_id=case_id, fact_id=name, state="withdrawn", origin=origin)
        for (name, origin), entry in before.items()
        if name in names and origin in origins and entry.state != "withdrawn"
    ]


def _as_before(session: Session, entry: FactEntry) -> FactEntry:
    """A new entry that says what held of the same fact and origin before an entry."""
    earlier = session.scalar(
        select(FactEntry)
        .where(
            FactEntry.case_id == entry.case_id,
            FactEntry.fact_id == entry.fact_id,
            FactEntry.origin == entry.origin,
            FactEntry.id < entry.id,
        )
        .order_by(FactEntry.id.desc())
        .limit(1)
    )
    return FactEntry(
        case_id=entry.case_id,
        fact_id=entry.fact_id,
        origin=entry.origin,
        value=earlier.value if earlier else None,
        state=earlier.state if earlier else "withdrawn",
        evidence=earlier.evidence if earlier else "",
    )


def _last_change(session: Session, case_id: str) -> str | None:
    """The newest group of entries that is no undo and was not undone."""
    undo = aliased(FactEntry)
    undone = select(undo.undoes).where(undo.case_id == case_id, undo.undoes.is_not(None))
    return session.scalar(
        select(FactEntry.change)
        .where(
            FactEntry.case_id == case_id,
            FactEntry.undoes.is_(None),
            FactEntry.change.not_in(undone),
        )
        .order_by(FactEntry.id.desc())
        .limit(1)
    )


def _append(
    session: Session,
    case_id: str,
    before: Statements,
    entries: Iterable[FactEntry],
    undoes: str | None = None,
) -> list[FactChange]:
    """Store the entries that say something new, as one group; what they change."""
    new = [entry for entry in entries if undoes or not _repeats(entry, before)]
    if not new:
        return []
    group, now = new_id(), utc_now()
    for entry in new:
        entry.change, entry.undoes, entry.created_at = group, undoes, now
    session.add_all(new)
    touch(session, get_case(session, case_id))
    earlier, later = _states(before), _states(_statements(session, case_id))
    names = dict.fromkeys(entry.fact_id for entry in new)
    return [FactChange(name, earlier.get(name), later.get(name)) for name in names]


def _repeats(entry: FactEntry, before: Statements) -> bool:
    last = before.get((entry.fact_id, entry.origin))
    return last is not None and _saying(last) == _saying(entry)


def _saying(entry: FactEntry) -> tuple[object, ...]:
    # SQLite gives a float without a fraction back as a whole number: the same is said
    return entry.state, isinstance(entry.value, bool), entry.value, entry.evidence or ""


# --- states -----------------------------------------------------------------------------------


def _states(statements: Statements) -> dict[str, FactState]:
    names = dict.fromkeys(name for name, _ in sorted(statements))
    states = {name: _state(statements, name) for name in names}
    return {name: state for name, state in states.items() if state is not None}


def _state(statements: Statements, name: str) -> FactState | None:
    said = [statements[name, origin] for origin in ORIGINS if (name, origin) in statements]
    said = [entry for entry in said if entry.state != "withdrawn"]
    if not said:
        return None
    holds, *outranked = said
    values = [value for entry in outranked if (value := _value(entry)) is not None]
    return FactState(
        value=_value(holds),
        state="known" if holds.state == "known" else "unknown",
        others=tuple(value for value in values if value.value != holds.value),
        updated_at=holds.created_at,
    )


def _value(entry: FactEntry) -> FactValue | None:
    return None if entry.value is None else FactValue(entry.value, entry.origin, entry.evidence)
