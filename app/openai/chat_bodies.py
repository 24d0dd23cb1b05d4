"""What a chat completion is asked with: OpenAI's parameters, each either obeyed or refused."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.api.bodies import Body
from app.openai.errors import ApiError
from app.openai.names import Served
from trainer.serving.protocol import MOST_TOP, Ask

MOST_CHOICES = 16
MOST_STOPS = 4
LARGEST_SEED = 2**63 - 1
Json = dict[str, Any]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow")


class Part(_Loose):
    """A part of a message."""

    type: str
    text: str | None = None
    refusal: str | None = None


class Call(_Loose):
    """A function that an assistant's message called."""

    name: str
    arguments: str


class ToolCall(_Loose):
    """A call of a tool in an assistant's message."""

    id: str = ""
    type: Literal["function"] = "function"
    function: Call


class Message(_Loose):
    """One message of the chat."""

    role: Literal["developer", "system", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class Function(_Loose):
    """A function that may be called."""

    name: Annotated[str, Field(max_length=64)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(_Loose):
    """A tool that may be called; only functions are known."""

    type: Literal["function"]
    function: Function


class StreamOptions(Body):
    """How an answer is streamed."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


Penalty = Annotated[float, Field(ge=-2, le=2)]


class NewChat(Body):
    """A chat to continue. What has no effect here is accepted where OpenAI's too is only a hint."""

    model: Annotated[str, Field(min_length=1, max_length=500)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=10_000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-LARGEST_SEED, le=LARGEST_SEED)] | None = None
    stop: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]] | None,
        BeforeValidator(_listed),
        Field(max_length=MOST_STOPS),
    ] = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[int, Annotated[float, Field(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_TOP)] | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[Literal["text"]] | None = None
    # hints, of which nothing here depends
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None


def ask_of(wanted: NewChat, served: Served) -> Ask:
    """What the model server is asked. Raises ApiError for what it cannot do."""
    _check(wanted)
    temperature = 1.0 if wanted.temperature is None else wanted.temperature
    tools = wanted.tools if wanted.tool_choice != "none" else None
    top_p = 1.0 if wanted.top_p is None else wanted.top_p
    return Ask(
        id="",
        model=served.model,
        revision=served.revision,
        adapter=served.adapter,
        most_read=served.most_read,
        messages=[
            _message(item, f"messages.{place}") for place, item in enumerate(wanted.messages)
        ],
        tools=[tool.model_dump(exclude_none=True) for tool in tools] if tools else None,
        choices=wanted.n or 1,
        most_tokens=wanted.max_completion_tokens or wanted.max_tokens,
        temperature=temperature if top_p > 0 else 0,
        top_p=top_p or 1.0,
        seed=wanted.seed,
        stop=tuple(wanted.stop or ()),
        frequency_penalty=wanted.frequency_penalty or 0.0,
        presence_penalty=wanted.presence_penalty or 0.0,
        bias=wanted.logit_bias or {},
        chances=bool(wanted.logprobs),
        top=wanted.top_logprobs or 0,
    )


def _check(wanted: NewChat) -> None:
    form = (wanted.response_format or {}).get("type", "text")
    if form != "text":
        words = "response_format: only text is offered; ask for JSON in the messages"
        raise ApiError(400, words, code="unsupported_parameter", param="response_format")
    if wanted.top_logprobs and not wanted.logprobs:
        words = "top_logprobs: needs logprobs to be true"
        raise ApiError(400, words, code="invalid_value", param="top_logprobs")
    if wanted.stream_options and not wanted.stream:
        words = "stream_options: is only for streams"
        raise ApiError(400, words, code="invalid_value", param="stream_options")


def _message(message: Message, where: str) -> Json:
    """A message as chat templates take it: text whole, arguments of calls as data."""
    role = "system" if message.role == "developer" else message.role
    found: Json = {"role": role, "content": _text(message.content, where)}
    if message.name:
        found["name"] = message.name
    if message.tool_call_id:
        found["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        found["tool_calls"] = [_called(call) for call in message.tool_calls]
    return found


def _called(call: ToolCall) -> Json:
    try:
        arguments: object = json.loads(call.function.arguments)
    except (ValueError, RecursionError):
        arguments = call.function.arguments
    function = {"name": call.function.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _text(content: str | list[Part] | None, where: str) -> str:
    if not isinstance(content, list):
        return content or ""
    for place, part in enumerate(content):
        if part.type not in ("text", "refusal"):
            words = f"{where}.content.{place}: only text is understood, not {part.type[:40]}"
            raise ApiError(400, words, code="unsupported_content", param=f"{where}.content")
    return "".join(part.text or part.refusal or "" for part in content)
