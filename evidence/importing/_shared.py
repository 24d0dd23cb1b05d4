"""What several importers need: rows of a JSON export, and texts out of the shapes they come in."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from evidence.reading import json_stream, jsonl
from evidence.reading.building import spoken
from evidence.reading.files import kind_of
from evidence.reading.mapping import known_names, squeezed
from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import Skipped

Fields = dict[str, Any]
ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "bot": "assistant"}
PASSED = frozenset({"c", "correct", "pass", "passed", "true", "yes", "success", "y"})
FAILED = frozenset({"i", "incorrect", "fail", "failed", "false", "no", "failure", "n", "wrong"})
MAX_RESULT_BYTES = 100_000_000
"""The longest single result that is read; transcripts of agents run to megabytes."""


def results(path: Path, names: Collection[str]) -> Iterator[Raw]:
    """The rows of a JSON Lines file, or of the list under one of the names in a JSON file.

    Raises LogUnreadable where the file is neither.
    """
    kind = kind_of(path)
    if kind == "jsonl":
        return jsonl.rows(path)
    if kind == "json":
        return json_stream.rows(path, names=names, limit=MAX_RESULT_BYTES)
    raise LogUnreadable(f"{path}: is neither JSON nor JSON Lines: let the tool write one of these")


def converted(rows: Iterator[Raw], convert: Callable[[Fields], Fields]) -> Iterator[Raw]:
    """Each row converted; ``convert`` raises ValueError that says why a row makes no record."""
    for number, row in rows:
        if isinstance(row, Skipped):
            yield number, row
            continue
        try:
            yield number, convert(row)
        except ValueError as error:
            yield number, Skipped(number, str(error))


def mapping_in(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def list_in(value: Any) -> list[Any]:
    """The list, or an empty one where something else stands."""
    return value if isinstance(value, list) else []


def named(values: Any, field: str) -> Any:
    """The value whose name means a field of the record, the surest name first; None without."""
    ranks = known_names()[field]
    found = [
        (ranks[squeezed(name)], name)
        for name, value in mapping_in(values).items()
        if squeezed(name) in ranks and value not in (None, "", [])
    ]
    return values[min(found)[1]] if found else None


def chat(messages: Any) -> list[Fields]:
    """Messages with role and content alone, whatever the tool calls the roles; [] if none are."""
    return [turn for item in list_in(messages) if (turn := _turn(item))]


def _turn(item: Any) -> Fields | None:
    message = mapping_in(item)
    role = message.get("role") or message.get("type")
    if not isinstance(role, str):
        return None
    content = message.get("content")
    if isinstance(content, list):
        content = [part for part in content if isinstance(part, dict) and "text" in part]
    elif content is not None and not isinstance(content, str):
        content = json.dumps(content, ensure_ascii=False)
    return {"role": ROLES.get(role, role), "content": content}


def asked(value: Any) -> Any:
    """An input as text or chat, out of a text, messages, or an object that holds either."""
    if isinstance(value, str | None):
        return value
    inner = mapping_in(value).get("messages", value)
    if messages := chat(inner):
        return messages
    found = named(value, "input")
    if isinstance(found, str):
        return found
    return json.dumps(value, ensure_ascii=False)


def answered(value: Any) -> str | None:
    """An output as text, out of a text, a message, a completion, or an object; None without."""
    for choice in list_in(mapping_in(value).get("choices"))[:1]:
        value = mapping_in(choice).get("message") or mapping_in(choice).get("text")
    if isinstance(value, dict) and isinstance(found := named(value, "output"), str):
        value = found
    value = spoken(value)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def verdict(value: Any) -> bool | None:
    """Whether a grade says passed; None where it says neither, as a half score does."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return True if value == 1 else False if value == 0 else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in PASSED else False if word in FAILED else None


def all_passed(verdicts: Collection[bool | None]) -> bool | None:
    """False where any failed, True where all are known to have passed, else None."""
    if any(item is False for item in verdicts):
        return False
    return True if verdicts and all(verdicts) else None


def in_words(text: Any, *but: Any) -> str | None:
    """A text of at least three words that repeats none of the others; else None."""
    if not isinstance(text, str) or len(text.split()) < 3:
        return None
    repeats = any(isinstance(item, str) and item.strip() == text.strip() for item in but)
    return None if repeats else text.strip()


def remark(text: Any) -> str | None:
    """What somebody typed about a result, however short, as "too long"; None without a letter."""
    said = text.strip() if isinstance(text, str) else ""
    return said if any(map(str.isalpha, said)) else None


def note_of(texts: Collection[str | None]) -> str | None:
    """What was said, each thing once, a line each; None where nothing was."""
    return "\n".join(dict.fromkeys(text for text in texts if text)) or None
