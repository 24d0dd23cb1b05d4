"""Documents cut into passages: by headings, then paragraphs, then sentences.

The same document and settings always give the same passages. All of a document's text but space is
in its passages, and no passage goes over a heading. A passage begins with its heading; tables and
code stay whole where they fit. ``heading`` is the path to the passage ("Guide > Install"),
beginning with the document's title: index it with the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from evidence.retrieval.outline import Block, blocks
from evidence.retrieval.shapes import Document, Passage

SIZE = 200
"""Tokens a passage: with its heading within the 256 that small embedding models look at."""
OVERLAP = 40
UNMARKED = frozenset({"text", "pdf"})
"""Kinds of documents whose lines that begin with ``#`` are no headings."""

Count = Callable[[str], int]

_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_MARKUP = re.compile(r"^ {0,3}(?:#{1,6}(?:\s|$)|[=-]+[ \t]*$)", re.MULTILINE)
_SENTENCE = re.compile(
    r"[.!?…][\"'”’)\]]{0,5}\s++(?![a-z])"
    r"|[。！？][」』”）]{0,5}\s*+"  # noqa: RUF001 - the full stops of Chinese and Japanese
    r"|\n(?=[ \t]{0,12}(?:[-*+•]|\d{1,3}[.)])\s)"
)
_LINE = re.compile(r"\n")
_SPACE = re.compile(r"\s+")
_STARTS = re.compile(rf"{_SENTENCE.pattern}|\n")


def approximate_tokens(text: str) -> int:
    """About how many tokens a text has: 4 characters each, and one each for Chinese and the like.

    The rule of thumb of OpenAI's documentation for English; good to about a quarter.
    """
    wide = 0 if text.isascii() else len(_CJK.findall(text))
    return wide + (len(text) - wide + 3) // 4


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is not cut any further: characters from ``start`` to ``end``, and its tokens."""

    start: int
    end: int
    tokens: int


def split(
    document: Document,
    size: int = SIZE,
    overlap: int = OVERLAP,
    count: Count = approximate_tokens,
) -> list[Passage]:
    """The passages of a document, in order, each of at most about ``size`` tokens.

    ``overlap``: up to how many tokens a passage repeats of the one before it under the same
    heading, from the beginning of a sentence or line; less where the rest would not fit.
    ``count``: how many tokens a text has. Raises ValueError where there is no room to go on.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"overlap must be from 0 to below size, not {overlap} of {size} tokens")
    cut = _Cut(document.text, size, overlap, count)
    short = _is_short(document, size, count)
    parts: Iterable[Part] = _whole(document) if short else cut.parts(document)
    return [_passage(document, start, end, path, count) for start, end, path in parts]


def split_all(
    documents: Iterable[Document],
    size: int = SIZE,
    overlap: int = OVERLAP,
    count: Count = approximate_tokens,
) -> Iterator[Passage]:
    """The passages of many documents, one document after the other."""
    for document in documents:
        yield from split(document, size, overlap, count)


def repeats(passages: Iterable[Passage]) -> dict[str, str]:
    """Passage id -> id of the first passage that says the same, for those that repeat one.

    The same is: the same text but for space. Boilerplate and copies show here.
    """
    first: dict[str, str] = {}
    found = {}
    for passage in passages:
        words = " ".join(passage.text.split())
        earlier = first.setdefault(words, passage.id)
        if earlier != passage.id:
            found[passage.id] = earlier
    return found


Part = tuple[int, int, str]
"""Where a passage begins and ends, and its heading path."""


def _passage(document: Document, start: int, end: int, path: str, count: Count) -> Passage:
    text = document.text[start:end]
    name = f"{document.id}#{start}-{end}"
    return Passage(name, document.id, start, end, text, path, count(text))


def _is_short(document: Document, size: int, count: Count) -> bool:
    text = document.text
    plain = document.kind in UNMARKED or not _MARKUP.search(text)
    return plain and len(text) <= 8 * size and "\f" not in text and count(text) <= size


def _whole(document: Document) -> list[Part]:
    start, end = _trim(document.text, 0, len(document.text))
    return [(start, end, document.title)] if start < end else []


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start = end - len(piece.lstrip())
    return start, max(start, start + len(piece.strip()))


class _Cut:
    """One document being cut."""

    def __init__(self, text: str, size: int, overlap: int, count: Count) -> None:
        self._text = text
        self._size = size
        self._overlap = overlap
        self._count = count

    def parts(self, document: Document) -> Iterator[Part]:
        """Every passage's place and heading path."""
        marked = document.kind not in UNMARKED
        for path, section in _sections(document.title, blocks(document.text, marked=marked)):
            for start, end in self._packed(self._pieces(section)):
                yield start, end, path

    def _pieces(self, section: list[Block]) -> list[_Piece]:
        """A section's blocks, those that do not fit in parts; a heading keeps room for its text."""
        pieces: list[_Piece] = []
        taken = 0
        for block in section:
            tokens = self._count(self._text[block.start : block.end])
            shared = taken if block.kind == "text" and taken <= self._size // 2 else 0
            if tokens + shared <= self._size:
                pieces.append(_Piece(block.start, block.end, tokens))
            else:
                pieces += self._pieces_of(block)
            taken = taken + tokens + 1 if block.kind == "heading" else 0
        return pieces

    def _pieces_of(self, block: Block) -> Iterator[_Piece]:
        breaks = _SENTENCE if block.kind == "text" else _LINE
        at = block.start
        for found in breaks.finditer(self._text, block.start, block.end):
            yield from self._fitting(at, found.end())
            at = found.end()
        yield from self._fitting(at, block.end)

    def _fitting(self, start: int, end: int) -> Iterator[_Piece]:
        """The text between two places, halved at a space until it fits."""
        start, end = _trim(self._text, start, end)
        if start >= end:
            return
        tokens = self._count(self._text[start:end])
        if tokens <= self._size or end - start == 1:
            yield _Piece(start, end, tokens)
            return
        middle = self._middle(start, end)
        yield from self._fitting(start, middle)
        yield from self._fitting(middle, end)

    def _middle(self, start: int, end: int) -> int:
        half = (start + end) // 2
        found = _SPACE.search(self._text, half, min(end, half + (end - start) // 4 + 1))
        return found.start() if found and found.start() > start else half

    def _packed(self, pieces: list[_Piece]) -> Iterator[tuple[int, int]]:
        """Pieces that follow each other put together while they fit, with the overlap before."""
        if not pieces:
            return
        start, end, tokens = pieces[0].start, pieces[0].end, pieces[0].tokens
        for piece in pieces[1:]:
            more = piece.tokens + _gap(end, piece.start)
            if tokens + more <= self._size:
                end, tokens = piece.end, tokens + more
                continue
            yield start, end
            start, repeated = self._before(start, end, self._size - more)
            tokens = repeated + more if repeated else piece.tokens
            start, end = (start if repeated else piece.start), piece.end
        yield start, end

    def _before(self, start: int, end: int, room: int) -> tuple[int, int]:
        """Where the repeated end of a passage begins and its tokens; 0 tokens where none is."""
        most = min(self._overlap, room)
        if most < 1:
            return end, 0
        share = most / max(1, self._count(self._text[start:end]))
        low = max(start + 1, end - int((end - start) * share))
        at = self._begin_after(low, end)
        tokens = self._count(self._text[at:end])
        return (at, tokens) if at < end and tokens <= most else (end, 0)

    def _begin_after(self, low: int, end: int) -> int:
        """The first sentence, line or else word that begins between two places; else the end."""
        for breaks in (_STARTS, _SPACE):
            found = breaks.search(self._text, low, end)
            if found and found.end() < end:
                return _trim(self._text, found.end(), end)[0]
        return end


def _gap(end: int, start: int) -> int:
    return (start - end + 3) // 4


def _sections(title: str, found: Iterable[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Heading path and blocks of every section; headings without text go with what follows."""
    above: list[Block] = []
    section: list[Block] = []
    for block in found:
        if block.kind == "heading":
            if section and section[-1].kind != "heading":
                yield _path(title, above), section
                section = []
            above = [one for one in above if one.level < block.level] + [block]
        section.append(block)
    if section:
        yield _path(title, above), section


def _path(title: str, above: list[Block]) -> str:
    names = [title, *(block.text for block in above)]
    kept = [name for place, name in enumerate(names) if name and name not in names[:place]]
    return " > ".join(kept)
