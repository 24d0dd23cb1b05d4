"""Scores one answer against its reference: is it right, has it the form that was asked for.

Pure and light. What comes out of a model is hostile: whatever it is, it is scored and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trainer.contract import Task

LONGEST = 200_000
"""Characters of an answer that are read; a longer one has no form."""
PATIENCE = 1.0
"""Seconds that a pattern may look at one answer; then it does not match."""
_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Score:
    """What one answer is worth."""

    right: bool
    well_formed: bool | None
    """None where the task asks for no form, as with free text."""
    fields: float | None = None
    """Share of equal fields, from 0 to 1, where reference and answer are JSON."""


def score(task: Task, answer: str, reference: str) -> Score:
    """The score of an answer; where only the form is asked for, a right form is right."""
    found = _BY_KIND[task.score](task, answer[: LONGEST + 1], reference)
    if task.format_only and found.well_formed is not None:
        return Score(found.well_formed, found.well_formed, found.fields)
    return found


def has_form(task: Task) -> bool:
    """Whether the task asks for a form, so that its validity can be measured."""
    return task.score != "exact"


def _exact(task: Task, answer: str, reference: str) -> Score:
    """Equal after trimming. Free text has no form; where that is all, any text will do."""
    right = bool(answer.strip()) if task.format_only else answer.strip() == reference.strip()
    return Score(right, None)


def _choice(task: Task, answer: str, reference: str) -> Score:
    chosen = answer.strip()
    valid = chosen in task.choices if task.choices else "\n" not in chosen and bool(chosen)
    return Score(valid and chosen == reference.strip(), valid)


def _regex(task: Task, answer: str, reference: str) -> Score:
    found, wanted = _captured(task.pattern, answer), _captured(task.pattern, reference)
    # a reference may be the bare value that the pattern captures
    right = found is not None and found == (reference.strip() if wanted is None else wanted)
    return Score(right, found is not None)


def _captured(pattern: str, text: str) -> str | None:
    """The first group of a whole match, or all of it where there is none; None without one."""
    import regex

    try:
        found = regex.fullmatch(pattern, text.strip(), timeout=PATIENCE)
    except (TimeoutError, regex.error):
        return None
    if found is None:
        return None
    return str(found[1] or "") if found.re.groups else str(found[0])


def _json(task: Task, answer: str, reference: str) -> Score:
    said, wanted = parsed(answer), parsed(reference)
    if isinstance(said, Unreadable):
        return Score(False, False, 0.0)
    valid = _fits(task.json_schema, said)
    if isinstance(wanted, Unreadable):
        return Score(False, valid, 0.0)
    return Score(valid and canonical(said) == canonical(wanted), valid, equal_fields(said, wanted))


_BY_KIND = {"exact": _exact, "choice": _choice, "regex": _regex, "json": _json}


class Unreadable:
    """What a text is that is no JSON."""


def parsed(text: str) -> Any:
    """The value that a JSON text stands for, or `Unreadable`.

    Strict as RFC 8259 asks: neither NaN nor Infinity, nor two members of one name.
    """
    if len(text) > LONGEST:
        return Unreadable()
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Unreadable()


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("two members of one name")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def canonical(value: Any) -> str:
    """One text for equal JSON values: 1 and 1.0 are equal, 1 and true are not."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def equal_fields(said: Any, wanted: Any) -> float:
    """The share of fields that are equal, of all that either has (Jaccard index, 0 to 1).

    A field is a path of names through objects to a value that is no object; so a missing, an
    added and a wrong field all count against. Two empty objects are equal.
    """
    first, second = dict(_fields(said)), dict(_fields(wanted))
    every = first.keys() | second.keys()
    equal = sum(first[key] == second[key] for key in first.keys() & second.keys())
    return equal / len(every) if every else 1.0


def _fields(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict) and (value or not path):
        for name, item in value.items():
            yield from _fields(item, (*path, name))
    else:
        yield path, canonical(value)


def _fits(schema: dict[str, Any], value: Any) -> bool:
    if not schema:
        return True
    try:
        return bool(_validator(json.dumps(schema)).is_valid(value))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return False


@lru_cache(maxsize=16)
def _validator(schema: str) -> Any:
    """A validator that fetches nothing and whose patterns take linear time.

    Raises:
        ValueError: the schema is none, or refers to what is elsewhere.
    """
    import jsonschema_rs

    return jsonschema_rs.validator_for(
        json.loads(schema),
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=_SIZE),
    )
