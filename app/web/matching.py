"""Words that a question and a passage share, marked in the passage as word search sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from app.marked import Mark, marked
from evidence.retrieval.tokens import Tokenizer
from evidence.retrieval.wording import names_in

SIGNLESS = ""
"""The key of these marks: no sign stands behind them, since all mean the same."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Marks what a text shares with one question; names and codes stand out more than words."""

    tokenizer: Tokenizer
    words: frozenset[str]
    """Terms of the question."""
    names: frozenset[str]
    """Terms of the names and codes in it, each whole."""

    def mark(self, text: str) -> Markup:
        """The text as markup, with the words of the question marked."""
        exact = set(self.tokenizer.spans(text, self.names)) if self.names else set()
        spans = self.tokenizer.spans(text, self.words) if self.words else []
        marks = [Mark(start, end, SIGNLESS, (start, end) in exact) for start, end in spans]
        return marked(text, marks, elsewhere={SIGNLESS})


def matcher(question: str, result: Mapping[str, Any] | None = None) -> Matcher:
    """For one question; ``result`` of the probe says with which stems and stop words it was cut."""
    tokenizer = _tokenizer(result or {})
    names = {term for name in names_in(question) for term in tokenizer.tokens(name)[:1]}
    return Matcher(tokenizer, frozenset(tokenizer.tokens(question)), frozenset(names))


def _tokenizer(result: Mapping[str, Any]) -> Tokenizer:
    retrievers = result.get("retrievers", {})
    said = retrievers.get("bm25", {}).get("settings", {}).get("tokenizer", {})
    if find_spec("Stemmer") is None:  # measured elsewhere: whole words are better than nothing
        return Tokenizer("")
    try:
        return Tokenizer(
            said.get("stemmer", "english") or "",
            said.get("stop_words", "english") or "",
            said.get("identifiers", True),
        )
    except ValueError:  # a list that this version does not have
        return Tokenizer()
