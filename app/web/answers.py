"""Answers as a form holds them: text for a value, and the value that a person's text means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from advisor_rules import FactValue
from advisor_rules.model import Fact, Value
from app.intake import FactState

UNSURE = "?"
"""What a form says for "I don't know"."""
LONGEST = 60
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d{1,3})?", re.IGNORECASE)
GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+")
SPACES = re.compile(r"[\s_'\u2019\u202f\u00a0]")
PARTS = re.compile(r"(?P<number>.*?)(?P<multiple>k|m|million|bn|%)?")
MULTIPLES = {"k": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "%": 0.01}


@dataclass(frozen=True, slots=True)
class Given:
    """What a form says: values by fact (None: not known), and facts whose answer was cleared."""

    stated: dict[str, object] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)


def choices(fact: Fact) -> list[tuple[str, str, str]]:
    """The answers to a yes-or-no or choice question as (value in the form, label, hint)."""
    if fact.type == "bool":
        return [("true", "Yes", ""), ("false", "No", "")]
    return [(choice.value, choice.label, choice.hint) for choice in fact.values]


def as_typed(value: Value | None) -> str:
    """A value as the form holds it; UNSURE for None."""
    if value is None:
        return UNSURE
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def state_as_typed(state: FactState | None) -> str:
    """What is said on a fact as the form holds it; empty where nothing is said."""
    if state is None:
        return ""
    return as_typed(state.value.value if state.value else None)


def read(fact: Fact, text: str) -> object:
    """The value that a text means for a fact, None for "I don't know".

    Text that means nothing for the fact is returned as it is, for the fact check to refuse.
    """
    text = text.strip()
    if text == UNSURE:
        return None
    if fact.type == "bool":
        return {"true": True, "false": False}.get(text, text)
    return text if fact.type == "choice" else read_number(fact, text)


def read_number(fact: Fact, text: str) -> object:
    """``1,200``, ``1 200``, ``2.5k``, ``80%`` (of a share), ``0,8`` as a number; else the text."""
    parts = PARTS.fullmatch(SPACES.sub("", text[:LONGEST]).lower())
    plain, multiple = (parts["number"], parts["multiple"]) if parts else (text, None)
    if multiple == "%" and fact.maximum != 1:
        return text
    if GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    elif DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not NUMBER.fullmatch(plain):
        return text
    number = round(float(plain) * MULTIPLES.get(multiple or "", 1), 12)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def texts_of(form: FormData, name: str) -> list[str]:
    """Every text that a form holds under a name."""
    return [text for text in form.getlist(name) if isinstance(text, str)]


def given(form: FormData, facts: Iterable[Fact], states: Mapping[str, FactState]) -> Given:
    """What a form says anew: answers that differ from what is said already, and cleared ones."""
    found = Given()
    for fact in facts:
        texts, state = texts_of(form, fact.id), states.get(fact.id)
        if not texts:
            continue
        text = _meant(texts, state_as_typed(state))
        if text == "" and state is not None and _may_clear(state):
            found.cleared.add(fact.id)
        elif text != "" and _is_new(fact, text, state):
            found.stated[fact.id] = read(fact, text)
    return found


def confirmed(state: FactState | None) -> FactValue | None:
    """An assumed value as an answer: somebody says that it is right."""
    if state is None or state.value is None:
        return None
    return FactValue(state.value.value, "answered", state.value.evidence)


def _meant(texts: list[str], shown: str) -> str:
    """Of a number and a ticked "I don't know", the one that is new."""
    typed = next((text.strip() for text in texts if text.strip() not in ("", UNSURE)), "")
    if UNSURE in texts and typed in ("", shown):
        return UNSURE
    return typed


def _may_clear(state: FactState) -> bool:
    return state.value is None or state.value.origin != "measured"


def _is_new(fact: Fact, text: str, state: FactState | None) -> bool:
    if state is None:
        return True
    value = read(fact, text)
    now = state.value.value if state.value else None
    return value != now or isinstance(value, bool) != isinstance(now, bool)
