"""The shape of advice in answers. Fields may be added; none is dropped or changed."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from advisor_rules.model import Effect, FailureClass, Origin, Standing, Strength, Truth, Value


class DiagnosisOut(BaseModel):
    """What fails: information, behaviour, both, neither, or not known."""

    failure_class: FailureClass = Field(alias="class")
    because: list[str]
    rules: list[str]


class NetOut(BaseModel):
    """Rules for minus rules against, at each strength."""

    strong: int
    moderate: int
    weak: int


class RankedOut(BaseModel):
    """Where a step stands."""

    step: str
    method: str | None
    standing: Standing
    taken: bool
    speaking_for: list[str] = Field(alias="for")
    against: list[str]
    blocked_by: list[str]
    net: NetOut


class SourceOut(BaseModel):
    """A text that a reason rests on, and how deeply it was read."""

    id: str
    title: str
    where: str
    reading: str
    item: str


class ReasonOut(BaseModel):
    """A rule that spoke, on one step."""

    rule: str
    title: str
    effect: Effect
    step: str
    option: str | None
    strength: Strength
    text: str
    heuristic: bool
    facts: list[str]
    sources: list[SourceOut]


class SideOut(BaseModel):
    """What one source says."""

    source: str
    says: str
    title: str
    where: str
    reading: str


class ConflictOut(BaseModel):
    """A question on which sources disagree."""

    id: str
    question: str
    sides: list[SideOut]
    resolution: str


class FlipOut(BaseModel):
    """A smallest change of known facts that leads to another step."""

    changes: dict[str, Value] = Field(alias="if")
    then: str | None


class NextQuestionOut(BaseModel):
    """An unknown fact whose answer can change the step."""

    fact: str
    why: str
    changes: int
    answers: int
    leads_to: list[str]


class PlanOut(BaseModel):
    """Something to do, and how to know that it is done."""

    do: str
    done_when: str


class TraceOut(BaseModel):
    """Whether a rule's condition held."""

    rule: str
    fired: Truth


class FactOut(BaseModel):
    """A fact that the advice rests on."""

    value: Value
    origin: Origin
    evidence: str


class RulebookOut(BaseModel):
    """Which rulebook spoke."""

    version: str
    hash: str


class AdviceOut(BaseModel):
    """A recommendation with all that it rests on."""

    model_config = ConfigDict(title="Advice")

    step: str | None
    method: str | None
    choices: dict[str, str]
    strength: Strength | None
    abstained: bool
    tied_with: list[str]
    decided: bool | None
    diagnosis: DiagnosisOut
    ranked: list[RankedOut]
    reasons: list[ReasonOut]
    conflicts: list[ConflictOut]
    flips: list[FlipOut]
    next_questions: list[NextQuestionOut]
    plan: list[PlanOut]
    trace: list[TraceOut]
    facts: dict[str, FactOut]
    rulebook: RulebookOut
    as_of: date
