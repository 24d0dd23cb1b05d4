"""JSON files that are one list, however long: elements are decoded one by one.

The text moves through a window, so memory does not grow with the file. An element that is not JSON
is left out and the reading goes on at the next object.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from evidence.reading.files import DAMAGED, open_log
from evidence.reading.jsonl import refused
from evidence.reading.shapes import LogUnreadable, Raw
from evidence.reading.values import DECODER, checked
from evidence.records import MAX_LINE_BYTES, Skipped

CHUNK = 1 << 18
MAX_LEVELS = 5
LIST_NAMES = (
    "data",
    "records",
    "rows",
    "results",
    "examples",
    "items",
    "samples",
    "failures",
    "logs",
    "traces",
)
"""Under which keys the list of records is looked for in a file that is one object."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NEXT = re.compile(r"[,\n]\s{0,100}(?=\{)")
_BYTE = re.compile("[\udc80-\udcff]")


def rows(
    path: Path,
    after: int = 0,
    names: Collection[str] = LIST_NAMES,
    limit: int = MAX_LINE_BYTES,
) -> Iterator[Raw]:
    """Every element after that number, with its number in the list (from 1).

    The list is the file, or in the file's object under one of ``names``, in objects under such
    names as well. A file of objects that follow each other is read too. No element, and nothing
    before the list, may be longer than ``limit`` characters.
    """
    try:
        with open_log(path) as file:
            text = Text(file, limit)
            listed = _has_list(path, names, limit)
            if listed:
                find_list(text, names)
            yield from _checked_rows(text, after, listed)
    except DAMAGED as error:
        raise LogUnreadable(f"{path}: cannot be read, {error}") from error


def _has_list(path: Path, names: Collection[str], limit: int) -> bool:
    with open_log(path) as file:
        try:
            return find_list(Text(file, limit), names)
        except (ValueError, RecursionError):
            return False


def _checked_rows(text: Text, after: int, listed: bool) -> Iterator[Raw]:
    for number, row in elements(text, listed=listed):
        if number > after:
            is_row = isinstance(row, dict | Skipped)
            yield number, row if is_row else refused(row, number)


class Broken(ValueError):
    """What stands here is no JSON value."""


class Text:
    """A window that moves over a file's text; ``at`` is where in ``text`` the reading is."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._ended = False
        self.text = ""
        self.at = 0
        self.more()
        self.text = self.text.removeprefix("\ufeff")

    def more(self) -> bool:
        """Read as much again as lies ahead; False at the end or where too much lies ahead."""
        ahead = len(self.text) - self.at
        if self._ended or ahead > self._limit:
            return False
        data = self._file.read(max(CHUNK, ahead))
        if not data:
            self._ended = True
            self.text += self._decoder.decode(b"", final=True)
            return False
        self.text = self.text[self.at :] + self._decoder.decode(data)
        self.at = 0
        return True

    def peek(self) -> str:
        """Pass over white space; the next character, or '' at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """The JSON value here, passed over; raises Broken where there is none.

        Raises ValueError, with the value passed over, where it is none that is kept.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if self.more():
                    continue
                raise Broken(self._complaint(error)) from error
            if end == len(self.text) and self.more():
                continue  # a number may go on
            begin, self.at = self.at, end
            return self._safe(value, begin)

    def _safe(self, value: Any, begin: int) -> Any:
        given = self.text[begin : self.at]
        if not given.isascii() and _BYTE.search(given):
            raise ValueError("not UTF-8 text")
        return checked(value, given)

    def _complaint(self, error: Exception) -> str:
        """Say what is wrong, and move to where it is."""
        ahead = len(self.text) - self.at
        self.at = max(self.at, getattr(error, "pos", 0))
        if ahead > self._limit:
            return f"longer than {self._limit:,} characters, or not JSON"
        if isinstance(error, RecursionError):
            return "nested too deeply"
        return f"not JSON: {getattr(error, 'msg', error)}"

    def resume(self) -> bool:
        """Pass over a broken element to the next one; False where there is none."""
        while True:
            if found := _NEXT.search(self.text, self.at):
                self.at = found.end()
                return True
            self.at = max(self.at, len(self.text) - 250)
            if not self.more():
                return False


def elements(text: Text, *, listed: bool) -> Iterator[tuple[int, Any]]:
    """The elements of the list that begins here, numbered; a broken one is a Skipped.

    Without ``listed``: the values that follow each other up to the end of the text. After a break
    what is no object is passed over: it is a piece of the broken element.
    """
    number, broken, lost = 0, False, False
    text.at += listed
    while char := text.peek():
        if char in ",]":
            text.at += 1
            if char == "]" and listed and not broken:
                return
            continue
        value, torn = _element(text, number + 1)
        is_object = isinstance(value, dict)
        if is_object or not lost:
            number += 1
            yield number, value
        lost = torn or (lost and not is_object)
        broken = broken or torn
        if torn and not text.resume():
            return
    if listed and not broken:
        yield number + 1, Skipped(number + 1, "the file ends in the middle of the list")


def _element(text: Text, number: int) -> tuple[Any, bool]:
    """A value, or why it is left out; and whether it is not known where it ends."""
    try:
        return text.value(), False
    except Broken as error:
        return Skipped(number, str(error)), True
    except ValueError as error:
        return Skipped(number, str(error)), False


def find_list(text: Text, names: Collection[str], levels: int = MAX_LEVELS) -> bool:
    """Move to the first list under one of the names; False where there is none."""
    opening = text.peek()
    if opening != "{" or not levels:
        return opening == "["
    text.at += 1
    while text.peek() == '"':
        name = text.value()
        if text.peek() != ":":
            return False
        text.at += 1
        opening = text.peek()
        if name in names and opening in ("[", "{"):
            if find_list(text, names, levels - 1):
                return True
        else:
            text.value()
        if text.peek() == ",":
            text.at += 1
    text.at += 1
    return False
