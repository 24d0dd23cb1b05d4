"""A probe's result made anew from the hits that were kept, after people judged: no search."""

from __future__ import annotations

from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.storage import Probe


def rescore(session: Session, book: Rulebook, probe: Probe) -> None:
    """Make the result of a probe anew from its hits and from all that is known to be relevant."""
    session.flush()
