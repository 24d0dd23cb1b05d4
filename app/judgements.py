"""What people say of passages that were found: the newest word of each, and what counts of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.storage import Probe, ProbeJudgement


def newest(session: Session, probe: Probe, number: int | None = None) -> Sequence[ProbeJudgement]:
    """The newest entry of each person on each pair of question and passage, oldest first."""
    latest = select(func.max(ProbeJudgement.id)).where(ProbeJudgement.probe_id == probe.id)
    if number is not None:
        latest = latest.where(ProbeJudgement.number == number)
    pairs = (ProbeJudgement.number, ProbeJudgement.passage, ProbeJudgement.annotator)
    wanted = select(ProbeJudgement).where(ProbeJudgement.id.in_(latest.group_by(*pairs)))
    return session.scalars(wanted.order_by(ProbeJudgement.id)).all()


def counting(entries: Iterable[ProbeJudgement]) -> dict[int, dict[str, int]]:
    """Question -> passage -> the grade that counts: the most frequent, the newest of equals."""
    votes: dict[tuple[int, str], list[int]] = {}
    for entry in entries:
        if entry.grade is not None:
            votes.setdefault((entry.number, entry.passage), []).append(entry.grade)
    found: dict[int, dict[str, int]] = {}
    for (number, passage), said in votes.items():
        times = Counter(said)
        most = max(range(len(said)), key=lambda place: (times[said[place]], place))
        found.setdefault(number, {})[passage] = said[most]
    return found
