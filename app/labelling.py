"""What people say records are: added and taken back, never changed; and how well two agree."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.storage import HumanLabel

LONGEST_ANNOTATOR = 100
LONGEST_NOTE = 5_000


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

    Raises NotFound, or Invalid naming every field that cannot be accepted.
    """
    raise NotImplementedError


def undo_label(session: Session, case_id: str, log_id: str, annotator: str) -> HumanLabel | None:
    """Take back what this annotator said last in this log and did not take back yet.

    The entry that says so, with the number of its record; None where nothing is left to undo.
    Raises NotFound.
    """
    raise NotImplementedError


def next_to_label(session: Session, case_id: str, log_id: str, annotator: str) -> Next | None:
    """The record to label next; None where this annotator labelled every one.

    Uncertain records first, then weakly and moderately classified ones, spread over subtypes. Every
    tenth is drawn at random from all, so that rates can be estimated without bias; the draw follows
    from the log's id, and is the same for every annotator. Raises NotFound.
    """
    raise NotImplementedError


def annotators(session: Session, case_id: str, log_id: str) -> dict[str, int]:
    """Everybody who labelled records of a log, with how many. Raises NotFound."""
    raise NotImplementedError


def agreements(session: Session, case_id: str, log_id: str) -> list[Agreement]:
    """How well each two annotators of a log agree, those with most in common first.

    Raises NotFound.
    """
    raise NotImplementedError
