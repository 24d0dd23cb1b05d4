from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2
import openai
import pytest

from tests.app.openai.conftest import Place
from tests.app.openai.published import chunks_of

QUESTION: Any = [{"role": "user", "content": "What is the colour of the sky?"}]
GREEDY: Any = {"messages": QUESTION, "temperature": 0, "max_tokens": 10}


def text_of(completion: Any) -> str:
    return str(completion.choices[0].message.content)


def test_a_chat_is_continued(api: openai.OpenAI) -> None:
    made = api.chat.completions.create(model="small", **GREEDY)

    assert made.model == "small"
    assert made.choices[0].finish_reason == "length"
    assert text_of(made)
    assert made.usage
    assert made.usage.completion_tokens == 10
    assert made.usage.total_tokens == made.usage.prompt_tokens + 10
    again = api.chat.completions.create(model="some/small", **GREEDY)
    assert text_of(again) == text_of(made)


def test_a_tuned_model_is_asked_by_its_name(api: openai.OpenAI, tuned: dict[str, str]) -> None:
    said = {
        name: text_of(api.chat.completions.create(model=name, **GREEDY))
        for name in ("small", *tuned.values())
    }
    assert len(set(said.values())) == 3


def test_a_stream_has_the_same_text_and_the_published_chunks(
    api: openai.OpenAI, web: httpx2.Client
) -> None:
    whole = text_of(api.chat.completions.create(model="small", **GREEDY))
    with api.chat.completions.create(model="small", stream=True, **GREEDY) as stream:
        pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(pieces) == whole
    assert len([piece for piece in pieces if piece]) > 3

    options = {"stream": True, "stream_options": {"include_usage": True}, "logprobs": True}
    answer = web.post("/v1/chat/completions", json={"model": "small", **GREEDY, **options})
    chunks = chunks_of(answer.text)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-2]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 10
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    told = [chunk["choices"][0]["logprobs"] for chunk in chunks[:-1]]
    assert sum(len(item["content"]) for item in told if item) == 10


def test_log_probabilities_are_told(api: openai.OpenAI) -> None:
    made = api.chat.completions.create(model="small", logprobs=True, top_logprobs=4, **GREEDY)

    logprobs = made.choices[0].logprobs
    assert logprobs
    assert logprobs.content
    assert len(logprobs.content) == 10
    for token in logprobs.content:
        best = [item.logprob for item in token.top_logprobs]
        assert len(best) == 4
        assert best == sorted(best, reverse=True)
        assert token.logprob == pytest.approx(best[0])  # the likeliest is taken
        assert token.bytes is None or bytes(token.bytes).decode() == token.token


def test_choices_stop_and_seed(api: openai.OpenAI) -> None:
    drawn: Any = {"messages": QUESTION, "max_tokens": 8, "seed": 3, "n": 3, "temperature": 1.2}
    first = api.chat.completions.create(model="small", **drawn)
    again = api.chat.completions.create(model="small", **drawn)
    texts = [choice.message.content for choice in first.choices]
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert texts == [choice.message.content for choice in again.choices]
    assert len(set(texts)) == 3

    whole = text_of(api.chat.completions.create(model="small", **GREEDY))
    stopped = api.chat.completions.create(model="small", stop=whole[4:6], **GREEDY)
    assert text_of(stopped) == whole[: whole.index(whole[4:6])]
    assert stopped.choices[0].finish_reason == "stop"


def test_tools_reach_the_model(api: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    without = api.chat.completions.create(model="small", **GREEDY)
    made = api.chat.completions.create(model="small", tools=[tool], **GREEDY)
    refused = api.chat.completions.create(model="small", tools=[tool], tool_choice="none", **GREEDY)
    assert made.usage
    assert without.usage
    assert refused.usage
    assert made.usage.prompt_tokens > without.usage.prompt_tokens == refused.usage.prompt_tokens


def test_what_a_chat_cannot_have_is_said_with_its_parameter(
    api: openai.OpenAI, web: httpx2.Client
) -> None:
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    tool = {"type": "custom", "custom": {"name": "x"}}
    wrong: list[tuple[dict[str, Any], int, str, str | None]] = [
        ({"model": "nobody"}, 404, "model_not_found", "model"),
        ({"model": "ft:small:formfact:x:aaaaaaaaaaaaaaaa"}, 404, "model_not_found", "model"),
        ({"model": "/etc"}, 404, "model_not_found", "model"),
        ({"messages": []}, 400, "invalid_value", "messages"),
        ({"messages": [image]}, 400, "unsupported_content", "messages.0.content"),
        ({"messages": [{"role": "king", "content": "x"}]}, 400, "invalid_value", "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x" * 9_000}]}, 400, "context_length_exceeded",
         "messages"),
        ({"temperature": 3}, 400, "invalid_value", "temperature"),
        ({"top_logprobs": 2}, 400, "invalid_value", "top_logprobs"),
        ({"n": 0}, 400, "invalid_value", "n"),
        ({"stop": ["a"] * 5}, 400, "invalid_value", "stop"),
        ({"tools": [tool]}, 400, "invalid_value", "tools.0.type"),
        ({"functions": []}, 400, "unknown_parameter", "functions"),
        ({"response_format": {"type": "json_object"}}, 400, "unsupported_parameter",
         "response_format"),
        ({"stream_options": {}}, 400, "invalid_value", "stream_options"),
    ]  # fmt: skip
    for stream in (False, True):
        for change, status, code, param in wrong:
            if stream and "stream_options" in change:
                continue
            sent = {"model": "small", **GREEDY, "stream": stream, **change}
            answer = web.post("/v1/chat/completions", json=sent)
            assert answer.status_code == status, (change, answer.text)
            error = answer.json()["error"]
            assert (error["code"], error["param"]) == (code, param), change
    assert api.models.list().data


def test_many_ask_at_once_and_each_gets_its_own_answer(
    place: Place, api: openai.OpenAI, tuned: dict[str, str]
) -> None:
    names = ["small", *tuned.values()]
    wanted = [(names[number % 3], f"Question {number % 4}?") for number in range(24)]

    def ask(wish: tuple[str, str]) -> str:
        messages: Any = [{"role": "user", "content": wish[1]}]
        made = api.chat.completions.create(
            model=wish[0], messages=messages, temperature=0, max_tokens=12
        )
        return text_of(made)

    alone = {wish: ask(wish) for wish in dict.fromkeys(wanted)}
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(ask, wanted))

    assert together == [alone[wish] for wish in wanted]
    assert place.app.state.models.current.waiting == {}


def test_the_asynchronous_client_streams_several_at_once(place: Place, api: openai.OpenAI) -> None:
    whole = text_of(api.chat.completions.create(model="small", **GREEDY))
    found: list[str] = []

    async def stream(client: openai.AsyncOpenAI) -> None:
        made = await client.chat.completions.create(model="small", stream=True, **GREEDY)
        found.append("".join([chunk.choices[0].delta.content or "" async for chunk in made]))

    async def several() -> None:
        async with place.async_client() as client, anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(stream, client)
            assert (await client.models.list()).data[0].id == "small"

    with ThreadPoolExecutor(1) as pool:  # a browser test may have left a loop in this thread
        pool.submit(anyio.run, several).result()
    assert found == [whole] * 6


def test_what_nobody_waits_for_is_given_up(place: Place, api: openai.OpenAI) -> None:
    long: Any = {"messages": QUESTION, "temperature": 0, "n": 16, "logit_bias": {"2": -100}}
    with api.chat.completions.create(model="small", stream=True, **long) as stream:
        next(iter(stream))
    with pytest.raises(openai.APITimeoutError):
        api.with_options(timeout=0.3).chat.completions.create(model="small", **long)

    deadline = time.monotonic() + 10
    while place.app.state.models.current.waiting and time.monotonic() < deadline:
        time.sleep(0.02)
    assert place.app.state.models.current.waiting == {}


def test_a_server_that_dies_is_started_again(
    place: Place, api: openai.OpenAI, web: httpx2.Client
) -> None:
    whole = text_of(api.chat.completions.create(model="small", **GREEDY))
    first = place.app.state.models.current.process.pid
    long = {"model": "small", "messages": QUESTION, "stream": True, "logit_bias": {"2": -100}}
    with web.stream("POST", "/v1/chat/completions", json=long) as answer:
        lines = answer.iter_lines()
        next(lines)
        os.kill(first, signal.SIGKILL)
        said = [line for line in lines if line]
    assert json.loads(said[-1].removeprefix("data: "))["error"]["code"] == "model_server_stopped"

    assert text_of(api.chat.completions.create(model="small", **GREEDY)) == whole
    assert place.app.state.models.current.process.pid != first
