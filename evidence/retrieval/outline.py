"""The parts of a text as it stands: headings, paragraphs, tables, code.

A subset of CommonMark with pipe tables, read line by line: ATX headings (``## Install``), headings
of one line that are underlined, fenced code, tables. Everything else is a paragraph, up to a blank
line or a page break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["heading", "text", "code", "table"]

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_CLOSING = re.compile(r"(?:^|[ \t])#+$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_RULER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\](?:\([^()\s]{0,2000}\)|\[[^\[\]]{0,200}\])")
_NOTE = re.compile(r"[ \t]*\{[#.:][^{}]{0,200}\}$")
_MARKS = re.compile(r"[*`~]+|(?<!\w)_+|_+(?!\w)")
_NO_SETEXT = re.compile(r" {0,3}(?:[-+*>]|\d{1,9}[.)])[ \t]| {4}|\t")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text: characters ``start`` up to, not including, ``end``; no space around it."""

    start: int
    end: int
    kind: Kind = "text"
    level: int = 0
    """Of a heading: 1 to 6."""
    text: str = ""
    """Of a heading: its words, without marks."""


def headings(text: str) -> Iterator[Block]:
    """The headings of a text, in order."""
    return (block for block in blocks(text) if block.kind == "heading")


def blocks(text: str, *, marked: bool = True) -> Iterator[Block]:
    """The parts of a text, in order; together they hold all of it but space.

    Without ``marked``, as for plain text, there are only paragraphs.
    """
    scan = _Scan(text) if marked else None
    at = 0
    open_from = -1
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        step = scan.step(line) if scan else ("" if line.isspace() else "on")
        if step in ("", "new") and open_from >= 0:
            yield from _trimmed(text, open_from, start, scan.closed if scan else _PARAGRAPH)
            open_from = -1
        if step and open_from < 0:
            open_from = start
        if step == "end" or (line.endswith("\f") and open_from >= 0 and not (scan and scan.fence)):
            yield from _trimmed(text, open_from, at, scan.finish() if scan else _PARAGRAPH)
            open_from = -1
    if open_from >= 0:
        yield from _trimmed(text, open_from, at, scan.finish() if scan else _PARAGRAPH)


_PARAGRAPH = Block(0, 0)


def _trimmed(text: str, start: int, end: int, like: Block) -> Iterator[Block]:
    piece = text[start:end]
    inner = piece.strip()
    if inner:
        start += len(piece) - len(piece.lstrip())
        yield replace(like, start=start, end=start + len(inner))


class _Scan:
    """What kind of block a line belongs to, from the lines before it."""

    def __init__(self, text: str) -> None:
        self.fence = ""
        self.closed = _PARAGRAPH
        """The block that ended with the line before the present one."""
        self._now = _PARAGRAPH
        self._lines = 0
        self._first = ""
        self._last = ""

    def step(self, line: str) -> str:
        """What a line does: "" is between blocks, "new" begins one, "on" goes on, "end" ends it."""
        if self.fence:
            return self._in_fence(line)
        bare = line.rstrip()
        if not bare:
            self.closed = self.finish()
            return ""
        return self._special(bare) or self._goes_on(bare)

    def finish(self) -> Block:
        """The block so far; the next line begins another."""
        done, self._now, self._lines, self.fence = self._now, _PARAGRAPH, 0, ""
        return done

    def _in_fence(self, line: str) -> str:
        bare = line.strip()
        closes = len(bare) >= len(self.fence) and not bare.strip(self.fence[0])
        return "end" if closes else "on"

    def _special(self, bare: str) -> str:
        if found := _FENCE.match(bare):
            self._begin(Block(0, 0, "code"), bare)
            self.fence = found.group(1)
            return "new"
        if found := _ATX.match(bare):
            words = _CLOSING.sub("", bare[found.end() :].strip())
            self._begin(Block(0, 0, "heading", len(found.group(1)), plain(words)), bare)
            return "new"
        return ""

    def _goes_on(self, bare: str) -> str:
        if self._now.kind == "heading":
            return self._begin(_like(bare), bare)
        if self._now.kind == "table":
            return self._more(bare) if "|" in bare else self._begin(_PARAGRAPH, bare)
        if not self._lines:
            return self._begin(_like(bare), bare)
        if self._lines == 1 and self._is_underlined(bare):
            level = 1 if "=" in bare else 2
            self._now = Block(0, 0, "heading", level, plain(self._first.strip()))
            return "end"
        if "|" in self._last and "-" in bare and "|" in bare and _RULER.match(bare):
            self._now = Block(0, 0, "table")
        elif bare.lstrip().startswith("|"):
            return self._begin(Block(0, 0, "table"), bare)
        return self._more(bare)

    def _is_underlined(self, bare: str) -> bool:
        return bool(_UNDERLINE.match(bare)) and not _NO_SETEXT.match(self._first)

    def _begin(self, block: Block, bare: str) -> str:
        self.closed = self._now
        self._now, self._lines, self._first, self._last = block, 1, bare, bare
        return "new"

    def _more(self, bare: str) -> str:
        self._lines += 1
        self._last = bare
        return "on"


def _like(bare: str) -> Block:
    return Block(0, 0, "table") if bare.lstrip().startswith("|") else _PARAGRAPH


def plain(words: str) -> str:
    """The words of a heading without Markdown's marks, in one line of at most 200 characters."""
    words = _NOTE.sub("", words[:1_000])
    words = _MARKS.sub("", _LINK.sub(r"\1", words))
    return " ".join(words.split())[:200]
