"""Gates on a log's summary, for CI: ``behavior.low > 0.2`` fails the build where it holds."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

GRAMMAR = re.compile(
    r"\s*(?P<what>[a-z][\w.-]*?)(?:\.(?P<figure>count|share|low|high|n))?\s*"
    r"(?P<op><=|>=|<|>|==)\s*(?P<limit>-?\d+(?:\.\d+)?%?)\s*"
)
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
PLAIN = ("records", "repeats", "skipped_rows", "labelled_by_people")
"""Figures of a summary that are a number and no share."""


class BadGate(ValueError):
    """A gate that cannot be read; the message says what is wrong and what can be written."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition on one figure of a summary."""

    text: str
    what: str
    figure: str
    op: str
    limit: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a gate's condition holds; ``value`` is None where the figure was not measured."""

    gate: Gate
    value: float | None
    holds: bool


def read_gate(text: str) -> Gate:
    """A gate such as ``behavior.low > 0.2``, ``both.share >= 10%`` or ``records < 50``.

    Without a figure the share is meant. Raises BadGate.
    """
    found = GRAMMAR.fullmatch(text)
    if not found:
        raise BadGate(
            f"{text!r} is not a condition: write NAME.FIGURE OP NUMBER, "
            "for instance 'behavior.low > 0.2'"
        )
    limit = found["limit"]
    number = float(limit.removesuffix("%")) / (100 if limit.endswith("%") else 1)
    return Gate(text.strip(), found["what"], found["figure"] or "share", found["op"], number)


def check_gate(gate: Gate, summary: Mapping[str, Any]) -> Outcome:
    """Whether the condition holds for a summary; one that was not measured holds, to be safe.

    Raises BadGate where the summary has no such figure.
    """
    value = _figure(gate, summary)
    holds = value is None or OPERATORS[gate.op](value, gate.limit)
    return Outcome(gate, value, holds)


def _figure(gate: Gate, summary: Mapping[str, Any]) -> float | None:
    if gate.what in PLAIN:
        return float(summary[gate.what])
    shares = _shares(summary)
    if gate.what not in shares:
        known = ", ".join([*PLAIN, *shares])
        raise BadGate(f"{gate.text!r}: there is no figure {gate.what!r}; known are {known}")
    value = shares[gate.what].get(gate.figure)
    return None if value is None else float(value)


def _shares(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every share by name; a subtype that never came up has none of all records."""
    failing = {
        f"failing.{side}": share for side, share in summary["failing"].items() if side != "n"
    }
    absent = dict.fromkeys(summary.get("known_subtypes", ()), summary["none"])
    return {**summary["labels"], **failing, **absent, **summary["subtypes"]}
