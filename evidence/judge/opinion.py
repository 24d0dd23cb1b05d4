"""What a judge said about one record, and reading it out of what the model wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

Said = Literal["wrong", "right", "cannot_tell"]
MAX_REASON_CHARS = 500
MAX_ANSWER_CHARS = 20_000
MAX_OBJECTS = 50
"""Opening braces tried in an answer that is not JSON as a whole."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judge's opinion on one record; facts and form are None where nothing was measured."""

    record: str
    """The record's id."""
    model: str
    prompt: str
    """The version of the prompt."""
    facts: Said | None = None
    form: Said | None = None
    reason: str = ""
    raw: str = ""
    """The verdict as the model wrote it."""
    why_not: str = ""
    """Why nothing was measured, in plain words."""

    @property
    def judge(self) -> str:
        """Which judge it was: another model, or other words, are another judge."""
        return f"{self.model}, prompt {self.prompt}"

    @property
    def measured(self) -> bool:
        """Whether the judge gave a valid answer."""
        return self.facts is not None

    @property
    def axes(self) -> tuple[bool | None, bool | None]:
        """Whether facts and whether form are wrong; None where not measured or not told."""
        return _fails(self.facts), _fails(self.form)


class Verdict(BaseModel):
    """The JSON object that the judge has to return."""

    model_config = ConfigDict(extra="ignore", strict=True)

    mark: str
    facts: Said
    form: Said
    reason: str = ""


ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mark": {"type": "string"},
        "reason": {"type": "string"},
        "facts": {"type": "string", "enum": ["wrong", "right", "cannot_tell"]},
        "form": {"type": "string", "enum": ["wrong", "right", "cannot_tell"]},
    },
    "required": ["mark", "reason", "facts", "form"],
    "additionalProperties": False,
}


def read_verdict(answer: str, mark: str) -> Verdict | None:
    """The last valid verdict in what a model wrote that bears the mark, or None.

    A verdict without the mark was copied out of the record, which cannot know it.
    """
    found = [item for item in _verdicts(answer[-MAX_ANSWER_CHARS:]) if item.mark == mark]
    return found[-1] if found else None


def shown(text: str) -> str:
    """A reason on one line, shortened."""
    return CONTROL.sub(" ", text).strip()[:MAX_REASON_CHARS]


def _verdicts(answer: str) -> Iterator[Verdict]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    place = answer.find("{")
    for _ in range(MAX_OBJECTS):
        if place < 0:
            return
        try:
            value, end = decoder.raw_decode(answer, place)
            yield Verdict.model_validate(value)
        except (ValidationError, ValueError, RecursionError):
            end = place + 1
        place = answer.find("{", end)


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _fails(said: Said | None) -> bool | None:
    return None if said in (None, "cannot_tell") else said == "wrong"
