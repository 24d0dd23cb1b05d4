"""Chat completions: what the model server tells, as OpenAI's clients read it, whole or streamed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from app.openai.errors import ApiError
from app.openai.tool_calls import Calls
from app.storage.models import new_id
from trainer.serving.protocol import Alternative, Chance, Done, Ended, Piece

Json = dict[str, Any]
Answers = AsyncIterator[Piece | Ended | Done]
LEAST = -9999.0
"""What OpenAI tells for a token that is next to impossible."""


@dataclass
class Frame:
    """What all parts of an answer share."""

    model: str
    chances: bool
    tools: bool
    id: str = field(default_factory=lambda: f"chatcmpl-{new_id()}")
    created: int = field(default_factory=lambda: int(time.time()))

    def around(self, kind: str, choices: list[Json]) -> Json:
        """A completion, or a chunk of one."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
            "choices": choices,
        }


@dataclass
class Written:
    """One choice as it comes."""

    calls: Calls | None
    text: str = ""
    chances: list[Json] = field(default_factory=list)


# --- whole ------------------------------------------------------------------------------------


async def whole(frame: Frame, answers: Answers, choices: int) -> Json:
    """The completion, once it is there."""
    written = [Written(Calls() if frame.tools else None) for _ in range(choices)]
    reasons = [""] * choices
    usage: Json = {}
    async for answer in answers:
        match answer:
            case Piece():
                written[answer.choice].text += answer.text
                written[answer.choice].chances += map(told, answer.chances)
            case Ended():
                reasons[answer.choice] = answer.reason
            case Done():
                usage = usage_of(answer)
    made = [_choice(frame, place, item, reasons[place]) for place, item in enumerate(written)]
    return {**frame.around("chat.completion", made), "usage": usage}


def _choice(frame: Frame, index: int, written: Written, reason: str) -> Json:
    text = written.text
    calls: list[Json] = []
    if written.calls is not None:
        free = written.calls.feed(written.text)
        rest, calls = written.calls.rest()
        text = free + rest
    message: Json = {
        "role": "assistant",
        "content": text if text or not calls else None,
        "refusal": None,
    }
    if calls:
        message["tool_calls"] = calls
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(written.chances) if frame.chances else None,
        "finish_reason": "tool_calls" if calls and reason == "stop" else reason,
    }


# --- streamed ---------------------------------------------------------------------------------


async def streamed(
    frame: Frame, answers: Answers, choices: int, *, usage: bool
) -> AsyncIterator[bytes]:
    """The completion as server-sent events, one chunk for each piece of text."""
    calls = [Calls() if frame.tools else None for _ in range(choices)]

    def chunk(index: int, delta: Json, reason: str | None = None, told: Any = None) -> bytes:
        logprobs = _logprobs(told) if frame.chances and told else None
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return _event(_with_usage(frame.around("chat.completion.chunk", [choice]), usage, None))

    try:
        for index in range(choices):
            yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
        async for answer in answers:
            match answer:
                case Piece():
                    for delta in _deltas(calls[answer.choice], answer.text):
                        told_now = [told(item) for item in answer.chances]
                        yield chunk(answer.choice, delta, told=told_now)
                case Ended():
                    last, called = _last(calls[answer.choice])
                    for delta in last:
                        yield chunk(answer.choice, delta)
                    reason = "tool_calls" if called and answer.reason == "stop" else answer.reason
                    yield chunk(answer.choice, {}, reason)
                case Done() if usage:
                    around = frame.around("chat.completion.chunk", [])
                    yield _event(_with_usage(around, usage, usage_of(answer)))
    except ApiError as error:
        # the status has left already: OpenAI's clients raise on an event that holds an error
        wrong = {"message": error.message, "type": error.kind, "param": error.param}
        yield _event({"error": {**wrong, "code": error.code}})
        return
    yield b"data: [DONE]\n\n"


def _deltas(calls: Calls | None, text: str) -> Sequence[Json]:
    free = text if calls is None else calls.feed(text)
    return [{"content": free}] if free else []


def _last(calls: Calls | None) -> tuple[list[Json], bool]:
    """What was held back: text, or calls, each whole in one delta."""
    if calls is None:
        return [], False
    rest, found = calls.rest()
    deltas: list[Json] = [{"content": rest}] if rest else []
    deltas += [{"tool_calls": [{"index": place, **call}]} for place, call in enumerate(found)]
    return deltas, bool(found)


def _with_usage(chunk: Json, wanted: bool, usage: Json | None) -> Json:
    return {**chunk, "usage": usage} if wanted else chunk


def _event(data: Json) -> bytes:
    return b"data: " + to_json(data) + b"\n\n"


# --- parts ------------------------------------------------------------------------------------


def usage_of(done: Done) -> Json:
    """Tokens read and written."""
    return {
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": done.completion_tokens,
        "total_tokens": done.prompt_tokens + done.completion_tokens,
    }


def told(chance: Chance) -> Json:
    """A token with its log-probability, and the likeliest at its place."""
    return {**_alternative(chance), "top_logprobs": [_alternative(item) for item in chance.top]}


def _alternative(item: Alternative) -> Json:
    return {
        "token": item.text,
        "logprob": max(item.chance, LEAST),
        "bytes": list(item.text.encode()) if item.whole else None,
    }


def _logprobs(chances: list[Json]) -> Json:
    return {"content": chances, "refusal": None}
