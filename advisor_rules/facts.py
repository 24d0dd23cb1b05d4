"""Checking facts that come from outside: every problem at once, nothing guessed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from advisor_rules.conditions import allowed_values
from advisor_rules.model import ORIGINS, Fact, FactValue, Value

MAX_EVIDENCE = 2_000
MOST_GUESSES = 20
"""Unknown names for which a similar one is looked up: enough for people, cheap for the server."""
KEYS = {"value", "origin", "evidence"}


@dataclass(frozen=True, slots=True)
class FactProblem:
    """What is wrong with one stated fact."""

    fact: str
    message: str


class InvalidFacts(ValueError):
    """Facts that cannot be read; ``problems`` names every one of them."""

    def __init__(self, problems: list[FactProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{item.fact}: {item.message}" for item in problems))


def check_facts(known: Mapping[str, Fact], stated: object) -> dict[str, FactValue]:
    """Turn stated facts ``{id: value}`` or ``{id: {value, origin, evidence}}`` into fact values.

    A value of None means unknown and is left out. Raises InvalidFacts naming every bad fact.
    """
    if not isinstance(stated, Mapping):
        raise InvalidFacts([FactProblem("facts", "must be a mapping of fact id to value")])
    checked: dict[str, FactValue] = {}
    problems: list[FactProblem] = []
    for name, given in stated.items():
        result = _check_one(known, str(name), given, guess=len(problems) < MOST_GUESSES)
        if isinstance(result, FactProblem):
            problems.append(result)
        elif result is not None:
            checked[str(name)] = result
    if problems:
        raise InvalidFacts(problems)
    return checked


def _check_one(
    known: Mapping[str, Fact], name: str, given: object, *, guess: bool
) -> FactValue | FactProblem | None:
    fact = known.get(name)
    if fact is None:
        hint = _did_you_mean(name, known) if guess else ""
        return FactProblem(name[:80], f"there is no such fact{hint}")
    if fact.derived:
        return FactProblem(name, "is worked out by the rules and cannot be stated")
    if isinstance(given, FactValue):
        given = {"value": given.value, "origin": given.origin, "evidence": given.evidence}
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return _with_origin(fact, given, "answered", "")
    return _check_stated(fact, given)


def _check_stated(fact: Fact, given: Mapping[object, object]) -> FactValue | FactProblem | None:
    if "value" not in given or not set(given) <= KEYS:
        return FactProblem(fact.id, "write either a value, or {value, origin, evidence}")
    origin, evidence = given.get("origin", "answered"), given.get("evidence") or ""
    if origin not in ORIGINS:
        return FactProblem(fact.id, f"origin must be one of {', '.join(ORIGINS)}")
    if not isinstance(evidence, str) or len(evidence) > MAX_EVIDENCE:
        return FactProblem(fact.id, f"evidence must be text of at most {MAX_EVIDENCE:,} characters")
    if given["value"] is None:
        return None
    return _with_origin(fact, given["value"], str(origin), evidence)


def _with_origin(fact: Fact, value: object, origin: str, evidence: str) -> FactValue | FactProblem:
    checked = check_value(fact, value)
    if isinstance(checked, FactProblem):
        return checked
    return FactValue(checked, origin, evidence)  # type: ignore[arg-type]  # checked against ORIGINS


def check_value(fact: Fact, value: object) -> Value | FactProblem:
    """The value in the fact's type, or what is wrong with it."""
    if fact.type in ("bool", "choice"):
        allowed = allowed_values(fact)
        if isinstance(value, bool | str) and value in allowed:
            return value
        words = "true or false" if fact.type == "bool" else f"one of {', '.join(map(str, allowed))}"
        return FactProblem(fact.id, f"must be {words}, not {_shown(value)}")
    return _check_number(fact, value)


def _check_number(fact: Fact, value: object) -> Value | FactProblem:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        return FactProblem(fact.id, f"must be a number ({fact.unit}), not {_shown(value)}")
    if fact.type == "int" and value != int(value):
        return FactProblem(fact.id, f"must be a whole number ({fact.unit}), not {_shown(value)}")
    low, high = fact.minimum, fact.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return FactProblem(fact.id, f"must be {_range(low, high)} {fact.unit}, not {_shown(value)}")
    return int(value) if fact.type == "int" else float(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"between {low:,.15g} and {high:,.15g}"
    return f"at least {low:,.15g}" if low is not None else f"at most {high:,.15g}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _did_you_mean(name: str, known: Mapping[str, Fact]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
