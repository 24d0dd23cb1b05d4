"""The messages that a judge gets: the record as data, fenced by a word that it cannot know."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from evidence.records import FailureRecord
from evidence.view import RecordView

PROMPT = Path(__file__).parent / "prompt.yaml"
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that nobody sees and that can hide text from a reader, and halves of characters."""


class Field(BaseModel):
    """One part of a record, and what the judge is told that it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str


class Prompt(BaseModel):
    """The words of the prompt, as ``prompt.yaml`` has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    record_chars: int
    system: str
    begin: str
    end: str
    closing: str
    fields: tuple[Field, ...]

    @property
    def id(self) -> str:
        """The version with a fingerprint of the words: other words are another judge."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{self.version}-{digest[:8]}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The messages for one record, and the mark that a valid answer bears."""

    messages: tuple[Mapping[str, str], ...]
    mark: str


@lru_cache(maxsize=1)
def default_prompt() -> Prompt:
    """The prompt that comes with formfact."""
    return Prompt.model_validate(yaml.safe_load(PROMPT.read_text("utf-8")))


def ask(prompt: Prompt, record: FailureRecord) -> Asked:
    """The messages that ask for an opinion on a record.

    Each part of the record stands between lines with a random mark, drawn until no part holds it;
    long parts lose their middle.
    """
    parts = _parts(prompt, record)
    mark = _mark(parts.values())
    shares = fair_shares([len(text) for text in parts.values()], prompt.record_chars)
    blocks = [
        "\n".join(
            (
                prompt.begin.replace("{mark}", mark).replace("{field}", title),
                shortened(text, share),
                prompt.end.replace("{mark}", mark).replace("{field}", title),
            )
        )
        for (title, text), share in zip(parts.items(), shares, strict=True)
    ]
    body = "\n\n".join((*blocks, prompt.closing.replace("{mark}", mark)))
    system = prompt.system.replace("{mark}", mark)
    messages = ({"role": "system", "content": system}, {"role": "user", "content": body})
    return Asked(messages, mark)


def _parts(prompt: Prompt, record: FailureRecord) -> dict[str, str]:
    """The parts of a record that hold anything, by title."""
    view = RecordView(record)
    texts: Mapping[str, str] = {
        "input": _conversation(view),
        "context": view.context,
        "reference": view.reference or "",
        "format_spec": _as_json(view.format) if view.format else "",
        "reviewer_note": view.note,
        "output": record.output or "(empty)",
    }
    kept = {field.title: UNPRINTABLE.sub("", texts[field.name]) for field in prompt.fields}
    return {title: text for title, text in kept.items() if text.strip()}


def _conversation(view: RecordView) -> str:
    if len(view.messages) == 1:
        return view.input_text
    turns = [(message.role, message.content) for message in view.messages]
    return "\n".join(f"[{role}] {_as_text(content)}" for role, content in turns)


def _as_text(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part.get("text", "(not text)")) for part in content)


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "(cannot be shown)"


def _mark(texts: Any) -> str:
    while True:
        mark = secrets.token_hex(6)
        if not any(mark in text for text in texts):
            return mark


def fair_shares(lengths: Sequence[int], total: int) -> list[int]:
    """How many characters of each text fit: short ones stay whole, long ones share the rest."""
    shares = [0] * len(lengths)
    left = total
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for done, index in enumerate(order):
        shares[index] = min(lengths[index], left // (len(order) - done))
        left -= shares[index]
    return shares


def shortened(text: str, limit: int) -> str:
    """A text with its middle left out where it is longer than ``limit``, and a word on how much."""
    if len(text) <= limit:
        return text
    head = limit - limit // 3
    tail = limit - head
    left_out = len(text) - limit
    end = text[-tail:] if tail else ""
    return f"{text[:head]}\n[… {left_out:,} characters left out …]\n{end}"
