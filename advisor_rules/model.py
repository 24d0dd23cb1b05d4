"""The types of the advisor: what a fact, a rule and a piece of advice are.

The upper half describes knowledge as it is written in YAML (pydantic checks its shape); the lower
half describes what the engine returns (plain frozen dataclasses, quick to make).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Value = bool | int | float | str
Strength = Literal["weak", "moderate", "strong"]
Origin = Literal["answered", "measured", "assumed"]
FailureClass = Literal["information", "behavior", "both", "neither", "uncertain"]
Stage = Literal["classify", "recommend"]
Effect = Literal["for", "against", "block", "require", "warn", "choose", "avoid"]
Standing = Literal["recommended", "possible", "blocked", "not_reached"]
Truth = Literal["true", "false", "unknown"]
Subject = Literal["application", "record"]
Judged = Literal["wrong", "right"]

STRENGTHS: tuple[Strength, ...] = ("strong", "moderate", "weak")
ORIGINS: tuple[Origin, ...] = ("measured", "answered", "assumed")
CLASSES: tuple[FailureClass, ...] = ("information", "behavior", "both", "neither", "uncertain")
DIAGNOSIS = "diagnosis"
"""Id of the fact that the classify rules establish and the recommend rules may read."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Text = Annotated[str, Field(min_length=3)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Entry(BaseModel):
    """What every piece of knowledge shares: strict keys, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(Entry):
    """A text that knowledge rests on, and how deeply it was read."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    title: Text
    where: Text
    kind: Literal["paper", "book", "documentation", "article", "repository", "own_measurement"]
    reading: Literal["full", "abstract", "excerpt", "secondary"]
    year: int | None = None
    supports: str = ""


class Citation(Entry):
    """A place in a source."""

    source: str
    item: str = ""
    at: str = ""


def _as_citation(value: object) -> object:
    """Let YAML say ``S1`` or ``S1 l.73`` where nothing more is needed."""
    if not isinstance(value, str):
        return value
    source, _, at = value.partition(" ")
    return {"source": source, "at": at}


Citations = tuple[Annotated[Citation, BeforeValidator(_as_citation)], ...]


class Choice(Entry):
    """One allowed value of a choice fact and its words."""

    value: str
    label: Text
    hint: str = ""


class Ask(Entry):
    """How a fact is asked for; a fact without one is measured or derived, never asked."""

    section: str
    question: Text
    why: Text
    hint: str = ""
    order: int = 100
    when: dict[str, object] | None = None
    """A condition; the question is left out where it is false (not where it is unknown)."""


class Fact(Entry):
    """Something that can be known about an LLM application."""

    id: Id
    title: Text
    type: Literal["bool", "choice", "int", "number"]
    unit: str = ""
    values: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    ask: Ask | None = None
    derived: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Fact:
        if (self.type == "choice") != bool(self.values):
            raise ValueError("values belong to a fact of type choice, and only to one")
        if self.type in ("int", "number") and not self.unit:
            raise ValueError("a number needs a unit")
        if self.ask and self.derived:
            raise ValueError("a derived fact cannot be asked for")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self


class Signal(Fact):
    """One detector's observation on a failure record: a fact of the record, never asked for."""

    blind_to: Text
    """What the detector cannot see, in words for whoever reads its result."""


class Subtype(Entry):
    """A kind of failure (or of sound output) below the classes."""

    id: Id
    title: Text
    failure_class: FailureClass
    summary: Text
    remedy: str = ""
    """What usually helps, in one sentence."""
    fact: str = ""
    """The application's fact that holds where a real share of a log is of this kind."""


class Section(Entry):
    """A screen of the questionnaire."""

    id: Id
    title: Text
    intro: Text
    order: int


class Dated(Entry):
    """A value in force from a date on."""

    since: date
    value: float
    cites: Citations


class Threshold(Entry):
    """A number that rules compare with; the newest value not after ``as_of`` holds."""

    id: Id
    title: Text
    unit: Text
    because: Text
    values: Annotated[tuple[Dated, ...], Field(min_length=1)]


class PlanItem(Entry):
    """Something to do, and how to know that it is done."""

    do: Text
    done_when: Text


class Option(Entry):
    """A way of taking a step, such as a finetuning method."""

    id: Id
    title: Text
    summary: Text
    cost: int = 1
    plan: tuple[PlanItem, ...] = ()


class Choices(Entry):
    """Options of a step of which the rules choose one; ``default`` where none speaks."""

    id: Id
    title: Text
    default: str | None = None
    options: Annotated[tuple[Option, ...], Field(min_length=2)]


class Step(Entry):
    """A next step that can be recommended. ``cost`` orders the ladder: the cheaper wins a tie."""

    id: Id
    title: Text
    verdict: Text
    summary: Text
    cost: int
    prerequisites: tuple[str, ...] = ()
    taken_when: dict[str, object] | None = None
    """A condition; where it is true the team has taken the step before."""
    plan: Annotated[tuple[PlanItem, ...], Field(min_length=1)]
    choices: tuple[Choices, ...] = ()
    action: str = ""


class Side(Entry):
    """What one source says in a conflict."""

    source: str
    says: Text


class Conflict(Entry):
    """A question on which sources disagree; every side is shown."""

    id: Id
    question: Text
    sides: Annotated[tuple[Side, ...], Field(min_length=2)]
    resolution: Text


class Gives(Entry):
    """What a rule concludes: a class of failure, or an effect on steps or options."""

    diagnosis: Literal["information", "behavior", "neither"] | None = None
    facts: Judged | None = None
    """Of a record: whether the facts in its output are wrong or right."""
    form: Judged | None = None
    """Of a record: whether the output has the wrong form (or does the wrong thing) or not."""
    fault: Literal["elsewhere"] | None = None
    """Of a record: the model is not what failed."""
    subtype: Id | None = None
    for_: Names = Field(default=(), alias="for")
    against: Names = ()
    block: Names = ()
    require: Names = ()
    warn: Names = ()
    choose: Names = ()
    avoid: Names = ()

    @property
    def judges(self) -> int:
        """How many of a record's facts, form and fault this says something of."""
        return sum(said is not None for said in (self.facts, self.form, self.fault))

    def effects(self) -> tuple[tuple[Effect, str], ...]:
        """Every (effect, step or option) that this rule gives."""
        pairs: tuple[tuple[Effect, tuple[str, ...]], ...] = (
            ("block", self.block),
            ("for", self.for_),
            ("against", self.against),
            ("choose", self.choose),
            ("avoid", self.avoid),
            ("require", self.require),
            ("warn", self.warn),
        )
        return tuple((effect, target) for effect, targets in pairs for target in targets)


class Example(Entry):
    """Facts on which the rule must fire or must not: the rule's own test."""

    facts: dict[str, Value]
    fires: bool
    note: str = ""


class Rule(Entry):
    """If ``when`` is true, ``gives`` holds with ``strength``, because of ``because``."""

    id: Id
    title: Text
    when: dict[str, object]
    gives: Gives
    strength: Strength = "moderate"
    because: Text
    cites: Annotated[Citations, Field(min_length=1)]
    examples: tuple[Example, ...] = ()
    heuristic: bool = False
    conflict: Names = ()
    monotone: Names = ()
    """Number facts of which more never lowers the steps that this rule speaks on."""
    since: date | None = None
    until: date | None = None
    plan: tuple[PlanItem, ...] = ()

    @property
    def subject(self) -> Subject:
        """What the rule speaks of: the application, or one failure record of it."""
        return "record" if self.gives.judges else "application"

    @property
    def stage(self) -> Stage:
        """Whether the rule says what fails (classify) or what to do (recommend)."""
        return "classify" if self.gives.diagnosis or self.gives.judges else "recommend"

    @model_validator(mode="after")
    def _consistent(self) -> Rule:
        if self.since and self.until and self.since >= self.until:
            raise ValueError("the rule must begin to hold before it ends")
        said = bool(self.gives.diagnosis) + bool(self.gives.effects()) + self.gives.judges
        if said != 1:
            raise ValueError(
                "gives must be either a diagnosis, or effects on steps and options, or one of "
                "facts, form and fault of a record"
            )
        right = "right" in (self.gives.facts, self.gives.form)
        if self.subject == "record" and not right and self.gives.subtype is None:
            raise ValueError("what is wrong with a record needs a subtype")
        if self.subject == "application" and self.gives.subtype:
            raise ValueError("a subtype belongs to a rule on a record's facts, form or fault")
        if self.plan and not self.gives.require:
            raise ValueError("a plan is shown for the steps that gives.require names; name some")
        return self


@dataclass(frozen=True, slots=True)
class FactValue:
    """What is known of a fact and where it came from."""

    value: Value
    origin: Origin = "answered"
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired, and one of its effects."""

    rule: str
    effect: Effect
    target: str
    step: str
    strength: Strength
    text: str
    facts: tuple[str, ...]
    cites: tuple[Citation, ...]
    heuristic: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where a step stands, with the ids of the rules that speak for and against it."""

    step: str
    method: str | None
    standing: Standing
    for_: tuple[str, ...]
    against: tuple[str, ...]
    blocked_by: tuple[str, ...]
    net: tuple[int, int, int]
    """Rules for minus rules against, at each strength: strong, moderate, weak."""
    taken: bool = False
    """Whether what is known says that the team has taken this step before."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The class of failure of the application, with the rules that say so."""

    failure_class: FailureClass
    because: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordClass:
    """What the rules say of one failure record."""

    label: FailureClass
    subtype: str
    """Ids of subtypes, joined by ``+`` where the record fails in both ways; may be empty."""
    strength: Strength
    rules: tuple[str, ...]
    """The rules that decided."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A smallest change of known facts that leads to another step."""

    changes: tuple[tuple[str, Value], ...]
    step: str | None


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An unknown fact, and how often its possible answers lead to another step."""

    fact: str
    why: str
    changes: int
    answers: int
    leads_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Whether a rule's condition held."""

    rule: str
    fired: Truth


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation that can be replayed: facts, rulebook hash and date are in it."""

    step: str | None
    method: str | None
    choices: dict[str, str]
    strength: Strength | None
    abstained: bool
    tied_with: tuple[str, ...]
    diagnosis: Diagnosis
    ranked: tuple[Ranked, ...]
    findings: tuple[Finding, ...]
    conflicts: tuple[Conflict, ...]
    plan: tuple[PlanItem, ...]
    trace: tuple[Trace, ...]
    facts: dict[str, FactValue]
    as_of: date
    rulebook_version: str
    rulebook_hash: str
    flips: tuple[Flip, ...] = ()
    next_questions: tuple[NextQuestion, ...] = ()
    decided: bool | None = None
    """True: proven that no unknown fact can change the step. False: one can. None: not known."""
