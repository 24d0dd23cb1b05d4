"""The team's documents from files, folders and zips: every file read, or named with what is wrong.

Nothing is fetched, run or unpickled, and one bad file never stops the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from evidence.retrieval.finding import Found, find
from evidence.retrieval.reading import Limits, reader_of
from evidence.retrieval.shapes import Document, Problem

LANGUAGE_CHARS = 500
"""Characters that a document's language is told from; the answer seldom changes with more."""
SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
)
"""Scripts that settle a language where a tenth of the letters is of them, the first one first."""
LANGUAGE_LETTERS = 40
"""With fewer letters than this a language is a guess, and is not told."""
ENGLISH = re.compile(r"\b(?:the|of|and|is|this|that|with|are|from|which|you|when|not|by)\b")
"""Two of these words settle it for English, also for technical text that looks like names."""

PathName = str | PathLike[str] | Found
"""A file, folder or zip; ``Found`` is a file that is known by another name than it lies under."""


@dataclass(frozen=True, slots=True)
class Repeat(Problem):
    """A document that was left out because an earlier one says the same."""

    document: str = ""
    of: str = ""
    """The id of the document that was kept."""


@dataclass(slots=True)
class Collection:
    """All documents of an upload, what could not be read, and what was said twice."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Without the repeats."""
    repeats: dict[str, str] = field(default_factory=dict)
    """Id of a document that was left out -> id of the one that says the same."""

    @property
    def folded(self) -> dict[str, int]:
        """Id of a document -> how many others said the same, for those that had any."""
        counts: dict[str, int] = {}
        for kept in self.repeats.values():
            counts[kept] = counts.get(kept, 0) + 1
        return counts


def gather(paths: PathName | Iterable[PathName], *, limits: Limits | None = None) -> Collection:
    """All documents at once, as ``read_documents`` gives them."""
    collection = Collection()
    for found in read_documents(paths, limits=limits):
        add_to(collection, found)
    return collection


def add_to(collection: Collection, found: Document | Problem) -> None:
    """Put what was read where it belongs."""
    if isinstance(found, Document):
        collection.documents.append(found)
    elif isinstance(found, Repeat):
        collection.repeats[found.document] = found.of
    else:
        collection.problems.append(found)


def read_documents(
    paths: PathName | Iterable[PathName], *, limits: Limits | None = None
) -> Iterator[Document | Problem]:
    """Every document of some files, folders or zips, and every problem, as they are met.

    A document's id is what its row says, else its relative path; an id that is taken gets a number.
    Documents of the same title and text (but for space) are given once: the others are a
    ``Repeat``. Never raises on what is in the files.
    """
    given = [paths] if isinstance(paths, str | PathLike | Found) else paths
    limits = limits or Limits()
    fold = _Fold()
    for path in given:
        for found in _read(path, limits):
            yield from fold.fold(found) if isinstance(found, Document) else (found,)


def _read(given: PathName, limits: Limits) -> Iterator[Document | Problem]:
    found_as = given if isinstance(given, Found) else Found(Path(given), "")
    for found in find(found_as.path, limits, found_as.source):
        if isinstance(found, Problem):
            yield found
        else:
            reader = reader_of(found.path.name)
            yield from reader.read(found.path, found.source, limits)


class _Fold:
    """Folds documents that say the same, and tells ids apart; 16 bytes and an id a document."""

    def __init__(self) -> None:
        self._kept: dict[bytes, str] = {}
        self._ids: dict[str, int] = {}

    def fold(self, document: Document) -> Iterator[Document | Problem]:
        """The document under an id of its own, or the repeat that it is."""
        digest = _digest(document)
        kept = self._kept.get(digest)
        if kept is not None:
            why = f"document {document.id[:100]!r} says the same as {kept[:100]!r}: kept once"
            yield Repeat(document.source, why, document=document.id, of=kept)
            return
        name = self._free(document.id)
        if name != document.id:
            why = f"the id {document.id[:100]!r} is taken by another document: now {name[:110]!r}"
            yield Problem(document.source, why)
        self._kept[digest] = name
        yield replace(document, id=name, language=language(document.text))

    def _free(self, given: str) -> str:
        name = given
        while name in self._ids:
            self._ids[given] += 1
            name = f"{given} ({self._ids[given]})"
        self._ids[name] = 1
        return name


def _digest(document: Document) -> bytes:
    # An untitled file is titled by its name, and a copy under another name says the same.
    own = document.kind not in ("jsonl", "table")
    said = document.text if own else f"{document.title}\n{document.text}"
    words = " ".join(said.split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def language(text: str) -> str:
    """The ISO 639-1 code of a text's language, or '' where it is too short or unknown."""
    start = text.lstrip()[:LANGUAGE_CHARS]
    if len(set(ENGLISH.findall(start))) >= 2:
        return "en"
    letters = sum(map(str.isalpha, start))
    for code, script in () if start.isascii() else SCRIPTS:
        if len(script.findall(start)) > letters / 10:
            return code
    if letters < LANGUAGE_LETTERS:
        return ""
    from evidence.signals._language import language_of

    return (language_of(start) or "").partition("-")[0]
