"""Reading a team's own description of its application: proposals of facts, never answers.

Plain words carry signals ("three different broken formats", "changes every week"). Each proposal
names the words that it rests on, so that a person can confirm or drop it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from advisor_rules.model import Value
from advisor_rules.safe_yaml import read_yaml

PHRASES = Path(__file__).parent / "phrases.yaml"
MAX_LENGTH = 20_000
WORD_END = re.compile(r"\w*")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that the description suggests for a fact, and the words that suggest it."""

    fact: str
    value: Value
    phrases: tuple[str, ...]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str
    value: Value
    phrases: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class _Signal:
    fact: str
    value: Value
    phrases: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of the lexicon found in a text."""

    fact: str
    value: Value
    phrase: str
    words: str


def read_description(text: str) -> list[Proposal]:
    """Facts that a description of at most MAX_LENGTH characters suggests, in order of the lexicon.

    Longer text is read up to that length. Of several values of one fact, the one with the most
    distinct matching phrases is proposed.
    """
    return propose(find_phrases(text))


def find_phrases(text: str) -> list[Match]:
    """Every phrase of the lexicon in a text (its first MAX_LENGTH characters)."""
    text = text[:MAX_LENGTH]
    return [match for signal in signals() for match in _found(signal, text)]


def _found(signal: _Signal, text: str) -> list[Match]:
    if any(pattern.search(text) for pattern in signal.unless):
        return []
    return [
        Match(signal.fact, signal.value, pattern.pattern, _whole_words(text, match))
        for pattern in signal.phrases
        if (match := pattern.search(text))
    ]


def _whole_words(text: str, match: re.Match[str]) -> str:
    """The matched words, the last one to its end (a phrase may be the stem of a word)."""
    rest = WORD_END.match(text, match.end())
    return text[match.start() : rest.end() if rest else match.end()].strip().lower()


def propose(matches: Iterable[Match]) -> list[Proposal]:
    """For each fact the value with the most distinct words, the earlier one on a tie."""
    found: dict[tuple[str, Value], dict[str, None]] = {}
    for match in matches:
        found.setdefault((match.fact, match.value), {})[match.words] = None
    best: dict[str, Proposal] = {}
    for (fact, value), words in found.items():
        if fact not in best or len(words) > len(best[fact].phrases):
            best[fact] = Proposal(fact, value, tuple(words))
    return list(best.values())


@lru_cache(maxsize=1)
def signals() -> tuple[_Signal, ...]:
    """The compiled lexicon, read once."""
    document = read_yaml(PHRASES.read_text(encoding="utf-8"), PHRASES.name)
    entries = TypeAdapter(tuple[_Entry, ...]).validate_python(document.data)
    return tuple(
        _Signal(entry.fact, entry.value, _compiled(entry.phrases), _compiled(entry.unless))
        for entry in entries
    )


def _compiled(phrases: str) -> tuple[re.Pattern[str], ...]:
    lines = (line.strip() for line in phrases.splitlines())
    return tuple(re.compile(rf"\b(?:{line})", re.IGNORECASE) for line in lines if line)
