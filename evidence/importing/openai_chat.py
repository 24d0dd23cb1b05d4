"""OpenAI chat: JSON Lines of conversations for finetuning, of completions, or of both.

Read are finetuning examples (`messages`, the last one the output), preference pairs (the output
that was not preferred, with the preferred one as reference), logged requests with their responses,
stored completions with their messages, and chat.completion objects where the messages are beside
them. A batch's output file has no inputs and cannot be used alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.importing._shared import (
    Fields,
    answered,
    chat,
    list_in,
    mapping_in,
    named,
    results,
)
from evidence.reading.building import spoken
from evidence.reading.shapes import Raw
from evidence.records import Skipped

OUTER = ("request", "body", "kwargs", "input")
"""Where a log keeps the request, if not beside the response."""
INNER = ("response", "body", "completion", "output")
"""Where a log keeps the completion."""


def read(path: Path) -> Iterator[Raw]:
    """Every answer; a completion with several choices is several results."""
    for number, row in results(path, ("data", "completions")):
        if isinstance(row, Skipped):
            yield number, row
            continue
        found = list(_answers(row))
        if not found:
            yield number, Skipped(number, _why(row))
        for position, fields in enumerate(found):
            if position and fields["id"]:
                fields["id"] = f"{fields['id']}-{position + 1}"
            yield number, fields


def _answers(row: Fields) -> Iterator[Fields]:
    if "non_preferred_output" in row:
        yield _pair(row)
        return
    request = _inside(row, OUTER, "messages")
    completion = _inside(row, INNER, "choices")
    turns = chat(request.get("messages"))
    for choice in list_in(completion.get("choices")):
        output = spoken(mapping_in(choice).get("message"))
        if turns and isinstance(output, str):
            yield _fields(row, request, completion, turns, output, mapping_in(choice))
    if "choices" not in completion and len(turns) > 1 and turns[-1]["role"] == "assistant":
        output = spoken(turns[-1])
        if isinstance(output, str):
            yield _fields(row, request, completion, turns[:-1], output, {})


def _inside(row: Fields, names: tuple[str, ...], wanted: str) -> Any:
    """The object that has the key: the row, or one inside it under these names, two levels deep."""
    if wanted in row:
        return row
    outer = [mapping_in(row.get(name)) for name in names]
    inner = [mapping_in(item.get(name)) for item in outer for name in names]
    return next((item for item in [*outer, *inner] if wanted in item), {})


def _fields(
    row: Fields, request: Any, completion: Any, turns: list[Fields], output: str, choice: Any
) -> Fields:
    own = mapping_in(row.get("metadata"))
    return {
        "id": row.get("custom_id") or completion.get("id") or row.get("id"),
        "input": turns,
        "output": output,
        "reference": answered(named(own, "reference")),
        "context": named(own, "context"),
        "format_spec": request.get("response_format"),
        "reviewer_note": named(own, "reviewer_note"),
        "metadata": {
            **own,
            "model": completion.get("model") or request.get("model"),
            "created": completion.get("created"),
            "finish_reason": choice.get("finish_reason"),
            "temperature": request.get("temperature"),
            "usage": completion.get("usage"),
        },
    }


def _pair(row: Fields) -> Fields:
    return {
        "id": row.get("id"),
        "input": chat(mapping_in(row.get("input")).get("messages")) or None,
        "output": answered(row["non_preferred_output"]),
        "reference": answered(row.get("preferred_output")),
        "metadata": {"passed": False, **mapping_in(row.get("metadata"))},
    }


def _why(row: Fields) -> str:
    if _inside(row, INNER, "choices"):
        return "has no messages beside the completion: put the request's messages into the row"
    if chat(row.get("messages")):
        return "has no output: no text of the assistant ends the conversation"
    return "is no chat completion and no conversation with messages"
