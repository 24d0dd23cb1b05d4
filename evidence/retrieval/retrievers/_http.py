"""Posting JSON to an endpoint that may be slow, busy, wrong or hostile."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

MAX_ANSWER_BYTES = 5_000_000
MAX_WAIT_SECONDS = 10.0
"""Longest pause before asking again, whatever the endpoint proposes."""
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Again(ValueError):
    """Worth another try, ``wait`` seconds from now at the earliest."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Posting:
    """Where and how to ask."""

    url: str = field(repr=False)
    authorization: str = field(default="", repr=False)
    seconds: float = 10.0
    """For one answer, all its parts together."""
    tries: int = 3
    pause: float = 0.25
    """Seconds before the second try; doubled before each further one."""

    def client(self) -> httpx2.Client:
        """Connections to ask through, safe to share between threads; to be closed."""
        headers = {"Accept-Encoding": "identity"}
        if self.authorization:
            headers["Authorization"] = self.authorization
        return httpx2.Client(headers=headers, timeout=self.seconds)

    def answer(self, client: httpx2.Client, body: Any) -> Any:
        """The JSON that it answers; ValueError says why there is none, and holds no secret."""
        for number in range(max(self.tries, 1)):
            try:
                return _json(self._once(client, body))
            except _Again as problem:
                last = problem
                if number + 1 < self.tries:
                    time.sleep(min(max(self.pause * 2**number, last.wait), MAX_WAIT_SECONDS))
        raise ValueError(f"{last} (asked {max(self.tries, 1)} times)")

    def _once(self, client: httpx2.Client, body: Any) -> bytes:
        end = time.monotonic() + self.seconds
        try:
            with client.stream("POST", self.url, json=body) as response:
                _check(response)
                return _limited(response, end)
        except httpx2.TimeoutException:
            raise _Again("the search endpoint took too long") from None
        except (httpx2.HTTPError, httpx2.InvalidURL):
            raise _Again("the search endpoint cannot be reached") from None


def _check(response: httpx2.Response) -> None:
    status = response.status_code
    if status in AGAIN:
        proposed = response.headers.get("Retry-After", "")
        wait = float(proposed) if proposed.isascii() and proposed.isdigit() else 0.0
        raise _Again(f"the search endpoint answered {status}", wait)
    if status != 200:
        raise ValueError(f"the search endpoint answered {status}")


def _limited(response: httpx2.Response, end: float) -> bytes:
    content = bytearray()
    for part in response.iter_raw():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            raise ValueError(f"the answer has more than {MAX_ANSWER_BYTES:,} bytes")
        if time.monotonic() > end:
            raise _Again("the search endpoint took too long")
    return bytes(content)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("the search endpoint's answer is not JSON") from None
