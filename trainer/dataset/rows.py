"""Rows of chat from JSON Lines: each line a row, or the words that say what is wrong with it.

Three shapes are read. OpenAI's finetuning format, ``{"messages": [...], "tools"?: [...]}`` with an
assistant's ``weight`` of 0 or 1; ``{"prompt", "completion"}``, each a text or a list of messages;
and a failure record, ``{"input", "output", "reference"}``, whose ``correction`` or ``reference`` is
what the model should have said. ``id``, ``group`` and ``expect`` go along. Lines are read one at a
time, so a file may be larger than memory; nothing in a file is ever executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.dataset.shapes import BadShape, conversation

LONGEST_LINE = 8 * 2**20
"""Bytes of one row; more than any context that is trained on."""
MOST_ROWS = 2_000_000
MOST_BAD = 1_000
"""Bad rows that are kept; of the others only the number is known."""

Message = dict[str, Any]
"""``role``, ``content`` (text), and where there are any ``tool_calls``, ``tool_call_id``, ``name``,
``weight`` (0: read, yet not trained on)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation to learn from or to measure with."""

    number: int
    """The line of the file, from 1."""
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    id: str = ""
    group: str = ""
    expect: str = ""
    """For items about refusals: "refuse" or "answer"."""

    @property
    def last_answer(self) -> int | None:
        """The place of the last message of the assistant."""
        places = (place for place in range(len(self.messages) - 1, -1, -1) if self.answers(place))
        return next(places, None)

    @property
    def target(self) -> str:
        """What the assistant says last, calls of tools as JSON; empty where it says nothing."""
        place = self.last_answer
        return "" if place is None else said(self.messages[place])

    @property
    def prompt(self) -> tuple[Message, ...]:
        """What comes before the last answer; everything where there is none."""
        return self.messages[: self.last_answer]

    @property
    def question(self) -> str:
        """The prompt as one text, without the system's words, which all rows share."""
        return "\n".join(said(item) for item in self.prompt if item["role"] != "system")

    def answers(self, place: int) -> bool:
        """Whether the message at this place is the assistant's."""
        return bool(self.messages[place]["role"] == "assistant")

    def trains(self, place: int) -> bool:
        """Whether the message at this place is trained on."""
        return self.answers(place) and self.messages[place].get("weight", 1) != 0

    def as_json(self) -> str:
        """The row as a line of a file, without its end."""
        made: dict[str, Any] = {"messages": list(self.messages)}
        if self.tools:
            made["tools"] = list(self.tools)
        made |= {key: getattr(self, key) for key in ("id", "group", "expect") if getattr(self, key)}
        return json.dumps(made, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no row, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """All of a file: its rows, the first bad ones, and how many bad ones there are."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...] = ()
    bad_count: int = 0


def said(message: Message) -> str:
    """The words of a message, followed by its calls of tools as JSON."""
    calls = [item["function"] for item in message.get("tool_calls", ())]
    parts = [message["content"], *(json.dumps(item, ensure_ascii=False) for item in calls)]
    return "\n".join(part for part in parts if part)


def load(path: Path, *, needs_answer: bool = True, system: str = "") -> Loaded:
    """Every row of the file; ``system`` goes before conversations that have no such message."""
    rows: list[Row] = []
    bad: list[BadRow] = []
    count = 0
    for item in read(path, needs_answer=needs_answer, system=system):
        if isinstance(item, Row):
            rows.append(item)
        else:
            count += 1
            bad += [item] if count <= MOST_BAD else []
    return Loaded(tuple(rows), tuple(bad), count)


def read(path: Path, *, needs_answer: bool = True, system: str = "") -> Iterator[Row | BadRow]:
    """The rows of a file one by one, a bad one as `BadRow`; empty lines do not count as rows."""
    found = 0
    for number, line in _lines(path):
        if not line.strip():
            continue
        if found == MOST_ROWS:
            yield BadRow(number, f"only the first {MOST_ROWS:,} rows of a file are read")
            return
        found += 1
        try:
            yield _row(number, line, needs_answer, system)
        except BadShape as error:
            yield BadRow(number, str(error))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with their number; of one that is too long no more is kept than shows that it is."""
    with path.open("rb") as file:
        number = 1
        while line := file.readline(LONGEST_LINE + 1):
            rest = line
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE + 1)
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            number += 1


def _row(number: int, line: bytes, needs_answer: bool, system: str) -> Row:
    value = _value(line)
    messages, tools = conversation(value)
    if system and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    row = Row(number, tuple(messages), tuple(tools), *_labels(value))
    if needs_answer and row.last_answer is None:
        raise BadShape("no message is the assistant's: there is nothing to learn")
    return row


def _value(line: bytes) -> dict[str, Any]:
    """The object of a line; raises BadShape for anything else, however it is broken."""
    if len(line) > LONGEST_LINE:
        raise BadShape(f"longer than {LONGEST_LINE // 2**20} MiB")
    try:
        text = line.decode("utf-8")
        value = json.loads(text, parse_constant=_no_number)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise BadShape(f"not UTF-8 at byte {error.start + 1}") from None
    except UnicodeEncodeError:
        raise BadShape("holds half a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise BadShape(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadShape("nested too deeply") from None
    except ValueError as error:
        raise BadShape(f"not JSON: {str(error)[:100]}") from None
    if not isinstance(value, dict):
        raise BadShape(f"a row is an object, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a bare value")


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _labels(value: dict[str, Any]) -> tuple[str, str, str]:
    """Its id, group and expectation; the group of a failure record stands in its metadata."""
    metadata = value.get("metadata")
    inner = metadata if isinstance(metadata, dict) else {}
    group = value.get("group") if value.get("group") is not None else inner.get("group")
    expect = _label("expect", value.get("expect"))
    if expect not in ("", "refuse", "answer"):
        raise BadShape('expect is "refuse" or "answer"')
    return _label("id", value.get("id")), _label("group", group), expect


def _label(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadShape(f"{name} is a text or a whole number")
    return str(value)
