"""A failure record as detectors look at it: its texts, worked out once and shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from evidence.records import FailureRecord, Message

T = TypeVar("T")
WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class RecordView:
    """A record and the texts in it. Offsets always count characters of the whole text."""

    record: FailureRecord
    log: Any = field(default=None, compare=False)
    """What is usual in the log that the record comes from (a LogProfile), where that is known."""

    @cached_property
    def output(self) -> str:
        """What the model wrote."""
        return self.record.output

    @cached_property
    def reference(self) -> str | None:
        """An acceptable answer, where there is one with any text."""
        return self.record.reference if (self.record.reference or "").strip() else None

    @property
    def note(self) -> str:
        """What a reviewer wrote, or ''."""
        return (self.record.reviewer_note or "").strip()

    @cached_property
    def format_type(self) -> str:
        """The type of the format that was asked for, or ''."""
        return self.record.format_spec.type if self.record.format_spec else ""

    @cached_property
    def format(self) -> dict[str, Any]:
        """The format that was asked for, with all its keys; empty where none was."""
        return self.record.format_spec.model_dump() if self.record.format_spec else {}

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The conversation; a plain input is one message of the user."""
        given = self.record.input
        return (Message(role="user", content=given),) if isinstance(given, str) else tuple(given)

    @cached_property
    def question(self) -> str:
        """What the user said last."""
        asked = [message for message in self.messages if message.role == "user"]
        return text_of(asked[-1]) if asked else self.input_text

    @cached_property
    def instructions(self) -> str:
        """What the system and developer messages say."""
        roles = ("system", "developer")
        return "\n".join(text_of(message) for message in self.messages if message.role in roles)

    @cached_property
    def input_text(self) -> str:
        """All messages as one text."""
        return "\n".join(text_of(message) for message in self.messages)

    @cached_property
    def passages(self) -> tuple[str, ...]:
        """What the model was given to answer from; empty where there was nothing."""
        given = self.record.context or ()
        passages = (given,) if isinstance(given, str) else tuple(given)
        return tuple(passage for passage in passages if passage.strip())

    @cached_property
    def context(self) -> str:
        """All passages as one text."""
        return "\n".join(self.passages)

    @cached_property
    def output_words(self) -> tuple[str, ...]:
        """The words of the output in lower case."""
        return words_of(self.output)


def once(find: Callable[[RecordView], T]) -> Callable[[RecordView], T]:
    """A function of a view that is worked out once for each record, however many ask for it."""
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def kept(view: RecordView) -> T:
        known = view.__dict__
        if name not in known:
            known[name] = find(view)
        return cast(T, known[name])

    return kept


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, without punctuation."""
    return tuple(WORD.findall(text.lower()))


def text_of(message: Message) -> str:
    """The text of a message; parts that are not text are left out."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(str(part["text"]) for part in message.content if "text" in part)
