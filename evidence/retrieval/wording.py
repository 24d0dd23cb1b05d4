"""What a question has in common with the passages that answer it: words, and names.

A name is an identifier, a code or a dotted name: ``C2065``, ``COleDateTime::GetStatus``,
``max_tokens``. Where a question shares few words with its passage, embeddings can find what word
search misses; where it shares a name, word search finds what embeddings blur.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from evidence.retrieval.shapes import Passage
from evidence.retrieval.tokens import CHUNK, Tokenizer

FEW_SHARED = 0.4
"""Below this share of a question's words in its passage they are few. Our own measurement: of
pasted error messages the passage has 0.73 (median), of descriptions 0.50, of questions that join
facts 0.33 and 0.57."""
MANY_SHARED = 0.6
MOST_PASSAGES = 50
"""Passages of what is relevant that are looked at for one question."""
_NAME = re.compile(r"[^\W\d_]\d|\d[^\W\d_]|\w_\w|::|->|\w\.[^\W\d]|[a-z][A-Z]|^[A-Z]{3,}$")

Kind = Literal["exact_terms", "own_words", "between"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What a question shares with the passage that has most in common with it."""

    overlap: float
    """Share of the question's different terms that the passage has, from 0 to 1."""
    names: tuple[str, ...]
    """Names of the question that some relevant passage has as well, as the question writes them."""

    @property
    def kind(self) -> Kind:
        """Whether the question is worded in the documents' terms or in its own."""
        if self.names or self.overlap >= MANY_SHARED:
            return "exact_terms"
        return "own_words" if self.overlap < FEW_SHARED else "between"


def names_in(text: str) -> list[str]:
    """The identifiers, codes and dotted names of a text, each once, in order."""
    chunks = (chunk for chunk in CHUNK.findall(text) if _NAME.search(chunk))
    return list(dict.fromkeys(chunks))


class Wording:
    """Compares questions with passages; remembers the terms of passages that come again."""

    def __init__(self, tokenizer: Tokenizer | None = None) -> None:
        self._tokenizer = tokenizer or Tokenizer()
        self._terms: dict[str, frozenset[str]] = {}

    def shared(self, question: str, passages: Sequence[Passage]) -> Shared:
        """What a question shares with the passages that are relevant to it."""
        asked = frozenset(self._tokenizer.tokens(question))
        held = [self._of(passage) for passage in passages[:MOST_PASSAGES]]
        most = max((len(asked & terms) for terms in held), default=0)
        every = frozenset().union(*held)
        names = tuple(name for name in names_in(question) if self._whole(name) & every)
        return Shared(most / len(asked) if asked else 0.0, names)

    def _of(self, passage: Passage) -> frozenset[str]:
        if passage.id not in self._terms:
            terms = self._tokenizer.tokens(f"{passage.heading}\n{passage.text}")
            self._terms[passage.id] = frozenset(terms)
        return self._terms[passage.id]

    def _whole(self, name: str) -> set[str]:
        """A name's own term, which comes before those of its parts."""
        return set(self._tokenizer.tokens(name)[:1])


def wording(found: Iterable[Shared]) -> dict[Kind, int]:
    """How many questions are of each kind."""
    counts: dict[Kind, int] = {"exact_terms": 0, "own_words": 0, "between": 0}
    for item in found:
        counts[item.kind] += 1
    return counts
