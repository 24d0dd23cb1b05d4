"""What the parts of the retrieval measurement hand to one another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the team's collection, in one piece."""

    id: str
    title: str
    text: str
    source: str = ""
    """Relative path of the file (and the row in it) that it came from."""
    kind: str = ""
    """How it was read: ``markdown``, ``html``, ``pdf``, ..."""
    language: str = ""
    """ISO 639-1 code, or '' where it is not known."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: ``text == document.text[start:end]``."""

    id: str
    """``f"{document}#{start}-{end}"``."""
    document: str
    start: int
    end: int
    text: str
    heading: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of the documents."""

    id: str
    text: str
    reference: str = ""
    """An acceptable answer, or ''."""
    kind: str = ""
    group: str = ""
    """Questions of one group belong together, as rewordings do; '' where each stands alone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a retriever found; a higher score is a better one."""

    passage: str
    score: float


Ranking = list[Hit]
"""The hits of one question, best first; of equal scores the smaller passage id comes first."""

Qrels = dict[str, dict[str, int]]
"""Question id -> passage or document id -> grade; a grade above 0 is relevant.

Where relevance is given for documents, a document's rank is that of its best passage.
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read; the rest was."""

    source: str
    """Relative path of the file."""
    why: str
    """One line in plain words: what is wrong, and what to do where that helps."""
    line: int = 0
    """Line or row in the file, counted from 1; 0 is the file as a whole."""
