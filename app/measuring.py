"""From a diagnosed log to measured facts of its case, and what they contradict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from advisor_rules import FactValue
from advisor_rules.rulebook import Rulebook
from app.intake import FactChange
from app.storage import AdviceRecord


@dataclass(frozen=True, slots=True)
class Applied:
    """What a log changed: facts, and the advice where there was one before."""

    changes: tuple[FactChange, ...]
    advice: AdviceRecord | None
    """The newest advice of the case, given anew where facts changed; None where none was given."""


@dataclass(frozen=True, slots=True)
class FactConflict:
    """A measured fact that somebody answered otherwise; the measured one holds."""

    fact: str
    measured: FactValue
    answered: tuple[FactValue, ...]


def summary_of(session: Session, book: Rulebook, case_id: str, log_id: str) -> dict[str, Any]:
    """What a log says by now, people's labels included (``evidence.summary``), and where it is at.

    Raises NotFound, or Conflict where nothing is diagnosed yet.
    """
    raise NotImplementedError


def apply_to_case(session: Session, book: Rulebook, case_id: str, log_id: str) -> Applied:
    """Write what a log establishes to its case as measured facts, with the evidence.

    Where advice was given before, it is given anew. Raises NotFound or Conflict.
    """
    raise NotImplementedError


def conflicts_with_answers(session: Session, case_id: str) -> list[FactConflict]:
    """Measured facts of a case that were answered otherwise. Raises NotFound."""
    raise NotImplementedError
