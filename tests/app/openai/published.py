"""Holds every answer against OpenAI's published shapes: no field too many, none too few.

The types of the `openai` package are made from OpenAI's own description. They say which fields
there are, and of which kind; which an answer always has is said here, as the description has it.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
from openai import types
from openai.types import chat, fine_tuning
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from openai.types.shared import ErrorObject
from pydantic import BaseModel

Json = dict[str, Any]

SHAPES: dict[str, tuple[type[BaseModel], str]] = {
    "file": (types.FileObject, "id object bytes created_at filename purpose status"),
    "model": (types.Model, "id object created owned_by"),
    "fine_tuning.job": (
        fine_tuning.FineTuningJob,
        "created_at error fine_tuned_model finished_at hyperparameters id model object "
        "organization_id result_files status trained_tokens training_file validation_file seed",
    ),
    "fine_tuning.job.event": (
        fine_tuning.FineTuningJobEvent,
        "id object created_at level message",
    ),
    "fine_tuning.job.checkpoint": (
        FineTuningJobCheckpoint,
        "created_at fine_tuning_job_id fine_tuned_model_checkpoint id metrics object step_number",
    ),
    "chat.completion": (chat.ChatCompletion, "choices created id model object"),
    "chat.completion.chunk": (chat.ChatCompletionChunk, "choices created id model object"),
}
LIST = {"object", "data", "has_more", "first_id", "last_id"}
CHOICE = {"finish_reason", "index", "message", "logprobs"}
OURS = ("classification_head",)
"""Methods of our own, for which OpenAI has no word."""


def check(data: Json) -> None:
    """Raise where an answer is not as published."""
    kind = data.get("object")
    if "error" in data and kind is None:
        assert set(data) == {"error"}
        _fits(ErrorObject, data["error"], "code message param type")
    elif data.get("deleted") is not None:
        _fits(types.FileDeleted if kind == "file" else types.ModelDeleted, data, "id deleted")
    elif kind == "list":
        assert set(data) in (LIST, {"object", "data"})
        for item in data["data"]:
            check(item)
    else:
        assert kind in SHAPES, data
        shape, required = SHAPES[kind]
        _fits(shape, _in_their_words(data), required)
        for choice in data["choices"] if kind == "chat.completion" else ():
            assert set(choice) == CHOICE
            assert {"role", "content", "refusal"} <= set(choice["message"])


def _in_their_words(data: Json) -> Json:
    """Words that stand in no published list: differences that docs/openai.md tells of.

    ``evals`` may be sent as a purpose and may not be told; ``paused`` is told in an example alone;
    OpenAI has no word for methods of our own.
    """
    if data["object"] == "file" and data["purpose"] == "evals":
        return {**data, "purpose": "user_data"}
    if data["object"] != "fine_tuning.job":
        return data
    status = "queued" if data["status"] == "paused" else data["status"]
    method = data["method"]
    if method["type"] in OURS:
        method = {"type": "supervised", "supervised": method[method["type"]]}
    return {**data, "status": status, "method": method}


def _fits(shape: type[BaseModel], data: Json, required: str) -> None:
    shape.model_validate(data, strict=True, extra="forbid")
    assert set(required.split()) <= set(data)


def check_response(response: httpx2.Response) -> None:
    """The same for an answer of a client, as a hook; streams are checked by their tests."""
    if response.headers.get("content-type", "").startswith("application/json"):
        response.read()
        check(response.json())


async def check_response_async(response: httpx2.Response) -> None:
    """The same for a client of asynchronous programs."""
    if response.headers.get("content-type", "").startswith("application/json"):
        await response.aread()
        check(response.json())


def chunks_of(text: str) -> list[Json]:
    """The chunks of a stream, each checked; the stream ends as published."""
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    found: list[Json] = [json.loads(event) for event in events[:-1]]
    for chunk in found:
        check(chunk)
    return found
