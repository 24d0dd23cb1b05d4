"""What people say records are: added and taken back, never changed; and how well two agree."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from advisor_rules.model import CLASSES
from advisor_rules.rulebook import Rulebook
from app.errors import Invalid, Wrong
from app.log_records import find_record, newest_labels
from app.logs import get_log, lock_log
from app.storage import FailureLog, HumanLabel, LogRecord
from app.text import text_problem, tidy
from evidence.stats import kappa

LONGEST_ANNOTATOR = 100
LONGEST_NOTE = 5_000
EVERY = 10
"""One record in so many is drawn at random."""
MOST_PAIRED = 20
"""Annotators that are compared with one another; those with most labels go first."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an annotator says of a record: a class, and if wanted a subtype and a note."""

    annotator: str
    label: str
    subtype: str = ""
    """The id of a subtype of the rulebook, or two joined by ``+``; may be empty."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """The record that tells most when it is labelled next, and why it is this one."""

    number: int
    why: str
    """In plain words, such as "the rules cannot tell" or "drawn at random"."""
    at_random: bool
    left: int
    """Records that this annotator has not labelled, this one included."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two annotators agree on the records that both labelled."""

    first: str
    second: str
    n: int
    agreed: int
    kappa: float | None
    """Cohen's kappa; None where it is not defined."""
    low: float | None
    high: float | None
    """Its 95% interval, by Cohen's large-sample standard error."""
    confusion: dict[str, dict[str, int]]
    """What the first says -> what the second says -> how many."""


def label_record(
    session: Session,
    book: Rulebook,
    case_id: str,
    log_id: str,
    number: int,
    opinion: Opinion,
) -> HumanLabel:
    """Say what a record is; a repeat stands for the record that it repeats.

    Where annotators differ, what most of them say counts, and the newest of equals. Raises
    NotFound, or Invalid naming every field that cannot be accepted.
    """
    log = lock_log(session, case_id, log_id)
    said = _checked(book, opinion)
    record = find_record(session, log, number)
    entry = HumanLabel(
        log_id=log.id,
        number=record.repeat_of or record.number,
        annotator=said.annotator,
        label=said.label,
        subtype=said.subtype,
        note=said.note,
    )
    return _append(session, log, entry)


def undo_label(session: Session, case_id: str, log_id: str, annotator: str) -> HumanLabel | None:
    """Take back what this annotator said last in this log and did not take back yet.

    The entry that says so, with the number of its record; None where nothing is left to undo.
    Raises NotFound.
    """
    log = lock_log(session, case_id, log_id)
    last = session.scalar(_not_undone(log, tidy(annotator)))
    if last is None:
        return None
    earlier = session.scalar(_before(last))
    entry = HumanLabel(
        log_id=log.id,
        number=last.number,
        annotator=last.annotator,
        label=earlier.label if earlier else None,
        subtype=earlier.subtype if earlier else "",
        note=earlier.note if earlier else "",
        undoes=last.id,
    )
    return _append(session, log, entry)


def next_to_label(session: Session, case_id: str, log_id: str, annotator: str) -> Next | None:
    """The record to label next; None where this annotator labelled every one.

    Uncertain records first, then weakly and moderately classified ones, spread over subtypes and
    over the log. Every tenth is drawn at random from all, so that rates can be estimated without
    bias: what was drawn and labelled is the beginning of one random order of the records, which
    follows from the log's id and is the same for every annotator. Raises NotFound.
    """
    log = get_log(session, case_id, log_id)
    own = _labelled_by(log, tidy(annotator))
    mine = set(session.scalars(own))
    groups = _groups(session, log, own)
    left = sum(group.count for group in groups)
    if not left:
        return None
    if len(mine) % EVERY == EVERY - 1:
        for number in drawn(session, log):
            if number not in mine:
                return Next(number, "drawn at random from all records", True, left)
    group = min(groups, key=lambda item: (item.sureness, item.mine, item.subtype))
    return Next(_first_of(session, log, group.digest), WHY[group.sureness], False, left)


WHY = {
    0: "the rules cannot tell",
    1: "the rules are not sure",
    2: "the rules are fairly sure",
    3: "the rules are sure, and nobody has checked",
}


def drawn(session: Session, log: FailureLog) -> Iterator[int]:
    """The numbers of all records of a log (repeats left out) in its own random order."""
    wanted = select(LogRecord.number).where(
        LogRecord.log_id == log.id, LogRecord.repeat_of.is_not(None)
    )
    repeats = set(session.scalars(wanted))
    numbers = list(range(1, log.records + log.duplicates + 1))
    dice = random.Random(log.id)  # noqa: S311 - a draw that can be repeated, not a secret
    for last in range(len(numbers) - 1, -1, -1):  # Fisher and Yates, as far as it is asked for
        place = dice.randint(0, last)
        numbers[last], numbers[place] = numbers[place], numbers[last]
        if numbers[last] not in repeats:
            yield numbers[last]


def annotators(session: Session, case_id: str, log_id: str) -> dict[str, int]:
    """Everybody who labelled records of a log, with how many. Raises NotFound."""
    log = get_log(session, case_id, log_id)
    found = Counter(
        entry.annotator for entry in newest_labels(session, log) if entry.label is not None
    )
    return dict(found.most_common())


def agreements(session: Session, case_id: str, log_id: str) -> list[Agreement]:
    """How well each two annotators of a log agree, those with most in common first.

    Raises NotFound.
    """
    log = get_log(session, case_id, log_id)
    said: dict[str, dict[int, str]] = {}
    for entry in newest_labels(session, log):
        if entry.label is not None:
            said.setdefault(entry.annotator, {})[entry.number] = entry.label
    names = sorted(said, key=lambda name: (-len(said[name]), name))[:MOST_PAIRED]
    found = [_agreement(one, other, said) for one, other in combinations(names, 2)]
    return sorted((item for item in found if item.n), key=lambda item: -item.n)


def _agreement(one: str, other: str, said: dict[str, dict[int, str]]) -> Agreement:
    both = sorted(said[one].keys() & said[other].keys())
    first = [said[one][number] for number in both]
    second = [said[other][number] for number in both]
    confusion: dict[str, dict[str, int]] = {}
    for mine, theirs in zip(first, second, strict=True):
        row = confusion.setdefault(mine, {})
        row[theirs] = row.get(theirs, 0) + 1
    agreed = sum(a == b for a, b in zip(first, second, strict=True))
    value = kappa(first, second)
    low, high = interval_of(value, agreed, len(both))
    return Agreement(one, other, len(both), agreed, value, low, high, confusion)


def interval_of(value: float | None, agreed: int, n: int) -> tuple[float | None, float | None]:
    """Cohen 1960: the standard error is sqrt(p (1 - p) / (n (1 - e)^2)), p observed, e expected.

    1 - e follows from kappa: it is (1 - p) / (1 - kappa).
    """
    if value is None:
        return None, None
    observed = agreed / n
    if value == 1:
        return 1.0, 1.0
    unexpected = (1 - observed) / (1 - value)
    error = 1.96 * sqrt(observed * (1 - observed) / n) / unexpected
    return max(-1.0, value - error), min(1.0, value + error)


# --- entries ----------------------------------------------------------------------------------


def _checked(book: Rulebook, opinion: Opinion) -> Opinion:
    said = Opinion(tidy(opinion.annotator), opinion.label, opinion.subtype, tidy(opinion.note))
    problems = []
    if not said.annotator:
        problems.append(Wrong("annotator", "must not be empty"))
    elif problem := text_problem(said.annotator, LONGEST_ANNOTATOR):
        problems.append(Wrong("annotator", problem))
    if said.label not in CLASSES:
        problems.append(Wrong("label", f"must be one of {', '.join(CLASSES)}"))
    names = said.subtype.split("+") if said.subtype else []
    if len(names) > 2 or any(name not in book.subtypes for name in names):
        problems.append(Wrong("subtype", "must be a subtype of the rulebook, or two joined by +"))
    if problem := text_problem(said.note, LONGEST_NOTE, lines=True):
        problems.append(Wrong("note", problem))
    if problems:
        raise Invalid(problems)
    return said


def _append(session: Session, log: FailureLog, entry: HumanLabel) -> HumanLabel:
    """Store an entry, and what counts of its record now."""
    session.add(entry)
    session.flush()
    record = find_record(session, log, entry.number)
    before = record.human_label is not None
    said = [
        item
        for item in newest_labels(session, log, HumanLabel.number == entry.number)
        if item.label is not None
    ]
    votes = Counter(item.label for item in said)
    counting = max(said, key=lambda item: (votes[item.label], item.id)) if said else None
    record.human_label = counting.label if counting else None
    record.human_subtype = counting.subtype if counting else None
    record.final_label = counting.label if counting and counting.label else record.label
    record.final_subtype = counting.subtype if counting else record.subtype
    log.labelled += (record.human_label is not None) - before
    session.flush()
    return entry


def _not_undone(log: FailureLog, annotator: str) -> Select[HumanLabel]:
    """The newest entry of an annotator that is no undo and was not undone."""
    undo = aliased(HumanLabel)
    undone = select(undo.undoes).where(
        undo.log_id == log.id, undo.annotator == annotator, undo.undoes.is_not(None)
    )
    return (
        select(HumanLabel)
        .where(
            HumanLabel.log_id == log.id,
            HumanLabel.annotator == annotator,
            HumanLabel.undoes.is_(None),
            HumanLabel.id.not_in(undone),
        )
        .order_by(HumanLabel.id.desc())
        .limit(1)
    )


def _before(entry: HumanLabel) -> Select[HumanLabel]:
    """What the same annotator said of the same record before an entry."""
    return (
        select(HumanLabel)
        .where(
            HumanLabel.log_id == entry.log_id,
            HumanLabel.number == entry.number,
            HumanLabel.annotator == entry.annotator,
            HumanLabel.id < entry.id,
        )
        .order_by(HumanLabel.id.desc())
        .limit(1)
    )


# --- choosing what to label -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Records of one sureness and subtype that an annotator has not labelled."""

    sureness: int
    subtype: str
    count: int
    digest: str
    """Of the record that goes first: content hashes are spread evenly over the log."""
    mine: int
    """How many of them the annotator did label."""


def _labelled_by(log: FailureLog, annotator: str) -> Select[int]:
    """The numbers of the records that an annotator labelled, and did not take back."""
    newest = (
        select(func.max(HumanLabel.id))
        .where(HumanLabel.log_id == log.id, HumanLabel.annotator == annotator)
        .group_by(HumanLabel.number)
    )
    said = HumanLabel.label.is_not(None)
    return select(HumanLabel.number).where(HumanLabel.id.in_(newest), said)


def _groups(session: Session, log: FailureLog, own: Select[int]) -> list[_Group]:
    """Unlabelled records by sureness and subtype, with the one of each that goes first."""
    kinds = (LogRecord.sureness, LogRecord.subtype)
    records = (LogRecord.log_id == log.id, LogRecord.repeat_of.is_(None))
    seen = select(*kinds).where(*records, LogRecord.number.in_(own))
    labelled = Counter((sureness, subtype) for sureness, subtype in session.execute(seen))
    wanted = (
        select(*kinds, func.count(), func.min(LogRecord.digest))
        .where(*records, LogRecord.number.not_in(own))
        .group_by(*kinds)
    )
    return [
        _Group(sureness, subtype, count, digest, labelled[sureness, subtype])
        for sureness, subtype, count, digest in session.execute(wanted)
    ]


def _first_of(session: Session, log: FailureLog, digest: str) -> int:
    wanted = select(func.min(LogRecord.number)).where(
        LogRecord.log_id == log.id, LogRecord.digest == digest, LogRecord.repeat_of.is_(None)
    )
    return session.scalars(wanted).one()
