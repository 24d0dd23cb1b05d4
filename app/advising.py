"""Advising: advice for a case, kept whole, compared with what was advised before, and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from advisor_rules import Advice, FactValue, advise
from advisor_rules.facts import check_facts
from advisor_rules.model import Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict, facts_to_dict
from app.cases import get_case, lock_case
from app.errors import NotFound
from app.intake import fitting, known_values
from app.paging import Page, page_of
from app.storage import AdviceRecord

Facts = Mapping[str, FactValue]
Json = dict[str, Any]
SAME = "The same facts, rules and date give the same advice."
ENGINE_CHANGED = "The same facts, rules and date give other advice: the program has changed."


@dataclass(frozen=True, slots=True)
class FactDifference:
    """A fact's value in older and in newer advice; None where it was not known."""

    fact: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two pieces of advice and what did it.

    ``decisive``: facts whose change alone, taken back in the newer advice, brings the older step
    back. ``sufficient``: where there is no such fact, those whose change alone leads from the older
    advice to the newer step. ``rulebook_decisive``: the older facts alone lead to another step by
    today's rules.
    """

    step_from: str | None
    step_to: str | None
    facts_changed: tuple[FactDifference, ...]
    decisive: tuple[str, ...]
    rulebook_changed: bool
    rulebook_decisive: bool
    sufficient: tuple[str, ...] = ()

    @property
    def step_changed(self) -> bool:
        """Whether another step is advised than before."""
        return self.step_from != self.step_to


@dataclass(frozen=True, slots=True)
class Replay:
    """Whether stored facts give the stored advice again, and why (not)."""

    same: bool
    why: str


def advise_case(
    session: Session, book: Rulebook, case_id: str, as_of: date | None = None
) -> AdviceRecord:
    """Advice for what holds of a case, stored unless the last advice already says the same.

    ``as_of`` is by default the newest date of the rulebook. Raises NotFound.
    """
    lock_case(session, case_id)
    facts, _ = fitting(book, known_values(session, case_id))
    as_of = as_of or book.latest()
    last = latest(session, case_id)
    if last and _answers(last, book, facts, as_of):
        return last
    advice = advise(facts, as_of=as_of, rulebook=book)
    record = _record(book, case_id, advice, number=last.number + 1 if last else 1)
    if last and _content(last.advice) == _content(record.advice):
        return last
    session.add(record)
    session.flush()
    return record


def preview(
    book: Rulebook,
    values: Facts,
    changes: Mapping[str, object],
    as_of: date | None = None,
) -> Advice:
    """What would be advised if some facts were otherwise (None: unknown); nothing is stored.

    Raises InvalidFacts naming every change that cannot be.
    """
    known, _ = fitting(book, values)
    changed = check_facts(book.facts, changes)
    kept = {name: value for name, value in known.items() if name not in changes}
    return advise({**kept, **changed}, as_of=as_of, rulebook=book)


def latest(session: Session, case_id: str) -> AdviceRecord | None:
    """The newest advice for a case, or None."""
    return session.scalar(_of(case_id).order_by(AdviceRecord.number.desc()).limit(1))


def before(session: Session, record: AdviceRecord) -> AdviceRecord | None:
    """The advice for the same case before this one, or None."""
    earlier = _of(record.case_id).where(AdviceRecord.number < record.number)
    return session.scalar(earlier.order_by(AdviceRecord.number.desc()).limit(1))


def get_advice(session: Session, case_id: str, number: int) -> AdviceRecord:
    """A case's advice by its number (from 1). Raises NotFound."""
    get_case(session, case_id)
    if 0 < number < 1 << 31:
        record = session.scalar(_of(case_id).where(AdviceRecord.number == number))
        if record:
            return record
    raise NotFound(f"advice number {number} for this case")


def history(session: Session, case_id: str, limit: int = 20, offset: int = 0) -> Page[AdviceRecord]:
    """All advice for a case, newest first. Raises NotFound."""
    get_case(session, case_id)
    return page_of(session, _of(case_id), (AdviceRecord.number.desc(),), limit, offset)


def difference(book: Rulebook, older: AdviceRecord, newer: AdviceRecord) -> Difference:
    """What changed between two pieces of advice for a case, and which fact did it."""
    before, after = stored_facts(older), stored_facts(newer)
    changed = [
        FactDifference(name, _plain(before, name), _plain(after, name))
        for name in dict.fromkeys([*after, *before])
        if _plain(before, name) != _plain(after, name)
    ]
    moved = older.step != newer.step
    rules_changed = older.rulebook_hash != newer.rulebook_hash
    names = [item.fact for item in changed if moved]
    decisive = _moving(book, names, after, before, newer, older.step)
    return Difference(
        step_from=older.step,
        step_to=newer.step,
        facts_changed=tuple(changed),
        decisive=decisive,
        sufficient=() if decisive else _moving(book, names, before, after, newer, newer.step),
        rulebook_changed=rules_changed,
        rulebook_decisive=moved and rules_changed and _step_with(book, before, newer) != older.step,
    )


def what_changed(session: Session, book: Rulebook, record: AdviceRecord) -> Difference | None:
    """What changed since the advice before this one; None where it is the first."""
    older = before(session, record)
    return difference(book, older, record) if older else None


def replay(book: Rulebook, record: AdviceRecord) -> Replay:
    """Give advice again for the facts and the date of a record, and compare."""
    facts, lost = fitting(book, stored_facts(record))
    again = _as_json(advice_to_dict(advise(facts, as_of=record.as_of, rulebook=book), book))
    if record.rulebook_hash == book.hash:
        same = again == record.advice
        return Replay(same, SAME if same else ENGINE_CHANGED)
    same = all(again[key] == record.advice.get(key) for key in ("step", "method", "choices"))
    return Replay(same, _replayed_by_other_rules(record, book, again, lost))


def stored_facts(record: AdviceRecord) -> dict[str, FactValue]:
    """The facts that stored advice rests on."""
    return {name: FactValue(**fact) for name, fact in record.facts.items()}


def _replayed_by_other_rules(
    record: AdviceRecord, book: Rulebook, again: Json, lost: tuple[str, ...]
) -> str:
    before, now = _words(record.advice), _words(again)
    said = f"still lead to {now}" if before == now else f"now lead to {now} instead of {before}"
    words = (
        f"The rulebook has changed since ({record.rulebook_version}, {record.rulebook_hash} then; "
        f"{book.version}, {book.hash} now). The same facts {said}."
    )
    return f"{words} No longer read: {', '.join(lost)}." if lost else words


def _words(advice: Json) -> str:
    step, method = advice.get("step"), advice.get("method")
    return f"{step} ({method})" if method else str(step or "no step")


def _of(case_id: str) -> Select[AdviceRecord]:
    return select(AdviceRecord).where(AdviceRecord.case_id == case_id)


def _answers(last: AdviceRecord, book: Rulebook, facts: Facts, as_of: date) -> bool:
    """Whether a record already is the advice for these facts, rules and date."""
    same_rules = last.rulebook_hash == book.hash and last.as_of == as_of
    return same_rules and last.facts == _as_json(facts_to_dict(facts))


def _record(book: Rulebook, case_id: str, advice: Advice, number: int) -> AdviceRecord:
    whole = _as_json(advice_to_dict(advice, book))
    return AdviceRecord(
        case_id=case_id,
        number=number,
        facts=whole["facts"],
        advice=whole,
        step=advice.step,
        rulebook_version=advice.rulebook_version,
        rulebook_hash=advice.rulebook_hash,
        as_of=advice.as_of,
    )


def _content(advice: Json) -> Json:
    """Advice without the date that it was asked for."""
    return {key: value for key, value in advice.items() if key != "as_of"}


def _as_json(data: Json) -> Json:
    """The data as it comes back from a JSON column."""
    result: Json = json.loads(json.dumps(data))
    return result


def _plain(facts: Facts, name: str) -> Value | None:
    return facts[name].value if name in facts else None


def _moving(
    book: Rulebook,
    names: Iterable[str],
    base: Facts,
    other: Facts,
    record: AdviceRecord,
    step: str | None,
) -> tuple[str, ...]:
    """The facts among these whose value in ``other`` alone leads from ``base`` to the step."""
    return tuple(
        name for name in names if _step_with(book, {**base, name: other.get(name)}, record) == step
    )


def _step_with(
    book: Rulebook, facts: Mapping[str, FactValue | None], record: AdviceRecord
) -> str | None:
    stated = {name: value for name, value in facts.items() if value is not None}
    known, _ = fitting(book, stated)
    return advise(known, as_of=record.as_of, rulebook=book, explained=False).step
