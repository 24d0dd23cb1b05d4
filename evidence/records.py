"""Failure records: one bad output each, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_LINE_BYTES = 10_000_000
"""The longest line, row or element of a log that is read."""

EXPECTED = {
    "input": "text or chat messages, each with a role",
    "context": "text or a list of texts",
    "format_spec": "an object with a type",
    "metadata": "an object",
}
"""What a field of a record has to be; those not named here are text."""


class Message(BaseModel):
    """One turn of a conversation; content may be text or the parts of a multimodal message."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    role: str
    content: str | list[dict[str, Any]] | None = None


class FormatSpec(BaseModel):
    """What an output had to look like; other keys depend on the type."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    type: str


class FailureRecord(BaseModel):
    """One bad output: what went in, what came out, and what is known about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    input: str | list[Message]
    output: str
    reference: str | None = None
    context: str | list[str] | None = None
    format_spec: FormatSpec | None = None
    reviewer_note: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out: its line in the file, and why."""

    line: int
    why: str


def complaint(error: ValidationError) -> str:
    """What is wrong with each field, once, in plain words."""
    said: dict[str, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name, *inner = (str(part) for part in item["loc"])
        if item["type"] == "missing":
            said.setdefault(name, "field required" + (f" ({inner[-1]})" if inner else ""))
        else:
            said.setdefault(name, f"must be {EXPECTED.get(name, 'text')}")
    return "; ".join(f"{name}: {message}" for name, message in said.items())
