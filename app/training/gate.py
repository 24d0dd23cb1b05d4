"""The gate before training: what the advice for a case says against it, and the reason to go on.

Training where facts are missing, or before cheaper steps were tried, is the most frequent waste
that the rulebook knows. Nobody is kept from it; but whoever goes on says why, and that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.advising import latest
from app.cases import get_case
from app.errors import AgainstAdvice, NotFound, Wrong
from app.storage import TrainJob
from app.text import tidy
from app.training.jobs import Launch
from app.words import joined, step_title

Json = Mapping[str, Any]
FlagKind = Literal["blocked", "missing_facts", "against", "untried", "other_step", "unadvised"]
TRAINING = ("finetune", "rag_plus_finetune")
"""The steps that a training job carries out."""
MOST_REASONS = 3
"""Reasons that are given for one flag, the strongest first."""
UNADVISED = (
    "Nobody has asked yet what this case needs: see the recommendation first. It takes a few "
    "questions, and often something cheaper comes before training."
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that the advice says against training, with the reasons it rests on."""

    kind: FlagKind
    title: str
    text: str
    reasons: tuple[Json, ...] = ()
    """As advice has them: rule, title, text, sources."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources behind it."""
        found = (source["id"] for reason in self.reasons for source in reason["sources"])
        return tuple(dict.fromkeys(found))

    @property
    def line(self) -> str:
        """The flag in one line, with its sources."""
        said = " ".join([self.text, *(str(item["text"]) for item in self.reasons)])
        return f"{said} (sources: {', '.join(self.sources)})" if self.sources else said


def flags_for(session: Session, book: Rulebook, case_id: str) -> tuple[Flag, ...]:
    """What the newest advice for a case says against training; empty where it advises it.

    Raises NotFound.
    """
    get_case(session, case_id)
    record = latest(session, case_id)
    if record is None:
        return (Flag("unadvised", "There is no recommendation yet", UNADVISED),)
    return tuple(flags_in(record.advice, book))


def flags_in(advice: Json, book: Rulebook) -> Iterator[Flag]:
    """What advice (``advisor_rules.serialize``) says against training."""
    if advice["step"] in TRAINING:
        return
    against = _reasons(advice, TRAINING[0], ("against",), ("strong",))
    if blocking := _reasons(advice, TRAINING[0], ("block",)):
        yield Flag("blocked", "Rules block it", "What is known rules training out.", blocking)
    if advice["diagnosis"]["class"] == "information":
        words = "What fails are missing or wrong facts, and training does not teach facts reliably."
        yield Flag("missing_facts", "Facts are missing, not behaviour", words, against)
    elif against:
        yield Flag("against", "Strong reasons speak against it", "Before it pays off:", against)
    yield from _cheaper(advice, book)


def _cheaper(advice: Json, book: Rulebook) -> Iterator[Flag]:
    """The steps below training that were not tried, and the one that is advised."""
    taken = {item["step"] for item in advice["ranked"] if item["taken"]}
    blocked = {item["step"] for item in advice["ranked"] if item["standing"] == "blocked"}
    before = book.steps[TRAINING[0]].prerequisites if TRAINING[0] in book.steps else ()
    untried = [name for name in before if name not in taken | blocked | set(TRAINING)]
    advised = advice["step"]
    if untried:
        titles = joined(step_title(book, name) for name in untried)
        words = f"Not known to be done: {titles}. Each costs hours where training costs days."
        yield Flag("untried", "Cheaper steps are untried", words, _speaking(advice, untried))
    if advised is None:
        words = "Nothing that is known speaks for training: the advice is to measure first."
        yield Flag("other_step", "The advice is to measure first", words)
    elif advised not in untried:
        words = f"The recommendation is another step: {step_title(book, advised)}."
        yield Flag("other_step", "Another step is advised", words, _speaking(advice, [advised]))


def _speaking(advice: Json, steps: Iterable[str]) -> tuple[Json, ...]:
    found = [reason for step in steps for reason in _reasons(advice, step, ("for",))]
    return tuple(found[:MOST_REASONS])


def _reasons(
    advice: Json, step: str, effects: tuple[str, ...], strengths: tuple[str, ...] = ()
) -> tuple[Json, ...]:
    """Reasons on a step itself, the strongest first; each rule once."""
    order = ("strong", "moderate", "weak")
    found = [
        item
        for item in advice["reasons"]
        if item["step"] == step
        and not item["option"]
        and item["effect"] in effects
        and (not strengths or item["strength"] in strengths)
    ]
    found.sort(key=lambda item: order.index(item["strength"]))
    return tuple({item["rule"]: item for item in found}.values())[:MOST_REASONS]


def pass_gate(session: Session, book: Rulebook, launch: Launch) -> None:
    """Let a launch through where the advice for its case agrees, or there is a reason to go on.

    A launch without a case passes, and so does one that is only repeated by its client key. Raises
    AgainstAdvice, which names the flags.
    """
    if launch.case_id is None or tidy(launch.override_reason) or _repeated(session, launch):
        return
    check_gate(session, book, launch.case_id)


def check_gate(session: Session, book: Rulebook, case_id: str, reason: str = "") -> None:
    """The same for a case and the reason to go on. Raises AgainstAdvice."""
    if tidy(reason):
        return
    try:
        flags = flags_for(session, book, case_id)
    except NotFound:
        return  # whoever creates the job says that there is no such case
    if flags:
        raise AgainstAdvice([Wrong(flag.kind, flag.line) for flag in flags])


def _repeated(session: Session, launch: Launch) -> bool:
    if launch.client_key is None:
        return False
    known = select(TrainJob.id).where(TrainJob.client_key == launch.client_key)
    return session.scalar(known) is not None
