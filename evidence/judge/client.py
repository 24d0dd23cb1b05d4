"""Asking a model on an OpenAI-compatible endpoint for its opinion on failure records.

A time-out, an error or an answer that is not valid leaves a record unmeasured; it is never a
failure of the record. The key is in no message, no error and no representation.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx2

from evidence.judge.opinion import ANSWER_SCHEMA, Opinion, read_verdict, shown
from evidence.judge.prompt import Asked, Prompt, ask, default_prompt
from evidence.records import FailureRecord

MAX_ANSWER_BYTES = 1_000_000
MAX_WAIT_SECONDS = 30.0
"""Longest pause before asking again, whatever the endpoint proposes."""
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
REFUSED = frozenset({401, 403, 404, 405})
"""Answers that no other record will change."""
NOT_SO = frozenset({400, 422, 501})
"""Answers of endpoints that do not know an option of the request."""
WAYS: tuple[tuple[str, ...], ...] = (("response_format", "temperature"), ("temperature",), ())
"""Options to ask with, tried in this order until the endpoint knows them all."""
WINDOW = 4
"""Records read ahead for each one that is being asked about."""


@dataclass(frozen=True)
class Endpoint:
    """Where the judge is. ``seconds`` is the time for one answer, all its parts together."""

    base_url: str
    """Up to and with the version, such as ``http://localhost:8000/v1``."""
    model: str
    api_key: str = field(default="", repr=False)
    seconds: float = 60.0
    tries: int = 4
    pause: float = 0.5
    """Seconds before the second try; doubled before each further one."""
    concurrency: int = 4

    def __post_init__(self) -> None:
        """Refuse what cannot work; the message shows neither the key nor the address."""
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("the judge's base_url must be an http(s) address without a query")
        if parts.username or parts.password:
            raise ValueError("the judge's base_url must hold no password: use api_key")
        if not self.model.strip() or not self.model.isprintable():
            raise ValueError("the judge needs the name of a model")
        if self.seconds <= 0 or self.tries < 1 or self.concurrency < 1:
            raise ValueError("the judge needs seconds, tries and concurrency above 0")
        if not self.api_key.isascii() or not self.api_key.isprintable():
            raise ValueError("the judge's api_key holds characters that no key has")


class _Unmeasured(Exception):
    """Nothing was measured, and why."""


class Judge:
    """A model that gives opinions; close it, or use it in a ``with`` block."""

    def __init__(self, endpoint: Endpoint, prompt: Prompt | None = None) -> None:
        self.endpoint = endpoint
        self.prompt = prompt or default_prompt()
        self._way = 0
        self._refused = ""
        self._closed = threading.Event()
        headers = {"Accept-Encoding": "identity"}
        if endpoint.api_key:
            headers["Authorization"] = f"Bearer {endpoint.api_key}"
        self._client = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(endpoint.seconds),
            limits=httpx2.Limits(max_connections=endpoint.concurrency),
        )

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop asking, in all threads, and let go of the connections."""
        self._closed.set()
        self._client.close()

    def opinion(self, record: FailureRecord) -> Opinion:
        """What the judge says about one record. Raises nothing that the endpoint could cause."""
        asked = ask(self.prompt, record)
        base = Opinion(record.id, self.endpoint.model, self.prompt.id)
        try:
            answer = self._answer(asked)
        except _Unmeasured as problem:
            return replace(base, why_not=str(problem))
        verdict = read_verdict(answer, asked.mark)
        if verdict is None:
            return replace(base, why_not="the answer holds no valid verdict")
        raw = f"facts {verdict.facts}, form {verdict.form}"
        key = self.endpoint.api_key
        reason = shown(verdict.reason.replace(key, "…") if key else verdict.reason)
        return replace(base, facts=verdict.facts, form=verdict.form, reason=reason, raw=raw)

    def opinions(self, records: Iterable[FailureRecord]) -> Generator[Opinion, None, None]:
        """Opinions in the order of the records, a few asked for at a time.

        Reads ahead by a small window, so any number of records may come; closing the iterator
        stops it after the requests under way.
        """
        pool = ThreadPoolExecutor(self.endpoint.concurrency, thread_name_prefix="judge")
        waiting: deque[Future[Opinion]] = deque()
        try:
            for record in records:
                waiting.append(pool.submit(self.opinion, record))
                if len(waiting) >= WINDOW * self.endpoint.concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _answer(self, asked: Asked) -> str:
        """What the model wrote; with fewer options where the endpoint does not know them."""
        if self._refused:
            raise _Unmeasured(self._refused)
        for way in range(self._way, len(WAYS)):
            status, body = self._patiently(self._request(asked, WAYS[way]))
            if status not in NOT_SO:
                self._way = way
                break
        return self._content(status, body)

    def _request(self, asked: Asked, options: tuple[str, ...]) -> Mapping[str, Any]:
        schema = {"name": "verdict", "strict": True, "schema": ANSWER_SCHEMA}
        known = {
            "response_format": {"type": "json_schema", "json_schema": schema},
            "temperature": 0,
        }
        chosen = {name: known[name] for name in options}
        return {"model": self.endpoint.model, "messages": list(asked.messages)} | chosen

    def _patiently(self, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """The last answer after as many tries as are allowed."""
        problem = ""
        for number in range(self.endpoint.tries):
            if self._closed.is_set():
                raise _Unmeasured("the judge was stopped")
            wait = 0.0
            try:
                status, answer, wait = self._once(body)
                if status not in AGAIN:
                    return status, answer
                problem = f"the endpoint answered {status}"
            except _Unmeasured as unmeasured:
                problem = str(unmeasured)
            if number + 1 < self.endpoint.tries:
                self._closed.wait(max(wait, self._pause(number)))
        raise _Unmeasured(f"{problem}, {self.endpoint.tries} times")

    def _pause(self, number: int) -> float:
        """Seconds until the next try: doubling, and spread so that not all ask again at once."""
        longest = min(MAX_WAIT_SECONDS, self.endpoint.pause * 2.0**number)
        return longest * (0.5 + secrets.randbelow(1000) / 2000)

    def _once(self, body: Mapping[str, Any]) -> tuple[int, bytes, float]:
        """Status, body and proposed pause of one try. Raises _Unmeasured where none came."""
        address = f"{self.endpoint.base_url.rstrip('/')}/chat/completions"
        until = time.monotonic() + self.endpoint.seconds
        content = b""
        try:
            with self._client.stream("POST", address, json=body) as response:
                for piece in response.iter_raw():
                    content += piece
                    if time.monotonic() > until:
                        raise _Unmeasured("the endpoint took too long")
                    if len(content) > MAX_ANSWER_BYTES:
                        raise _Unmeasured("the endpoint's answer is too long")
                return response.status_code, content, _proposed(response.headers)
        except httpx2.TimeoutException:
            raise _Unmeasured("the endpoint took too long") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError) as error:
            raise _Unmeasured(f"the endpoint cannot be reached ({type(error).__name__})") from None

    def _content(self, status: int, body: bytes) -> str:
        if status in REFUSED:
            self._refused = f"the endpoint refuses to answer ({status})"
            raise _Unmeasured(self._refused)
        if status != 200:
            raise _Unmeasured(f"the endpoint answered {status}")
        try:
            content = json.loads(body)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str):
            raise _Unmeasured("the endpoint's answer is no chat completion")
        return content


def _proposed(headers: httpx2.Headers) -> float:
    """The pause that an endpoint asks for, in seconds; 0 where it says none that makes sense."""
    with suppress(ValueError):
        seconds = float(str(headers.get("retry-after", "0")))
        return min(seconds, MAX_WAIT_SECONDS) if seconds > 0 else 0.0
    return 0.0
