"""A chat-completions endpoint on loopback that answers as a test wants it to."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MARK = re.compile(r"The mark is (\w+)\.")


@dataclass
class Reply:
    """One answer of the endpoint: a status and the body, or pieces of it with pauses between."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    wait: float = 0.0
    drip: float = 0.0
    """Seconds between single bytes of the body."""

    def bytes(self) -> bytes:
        """The body, by default a chat completion with the content."""
        message = {"role": "assistant", "content": self.content}
        completion = {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}
        return json.dumps(completion).encode() if self.body is None else self.body


Answer = Callable[[dict[str, Any], str], Reply]
"""From the request and the mark in it to the reply."""


@dataclass
class Served:
    """A running endpoint and what it was asked."""

    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    busiest: int = 0
    """Most requests that it had at one time."""
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def verdict(mark: str, facts: Any = "right", form: Any = "wrong", reason: Any = "So it is.") -> str:
    """A verdict as a judge writes it."""
    return json.dumps({"mark": mark, "facts": facts, "form": form, "reason": reason})


@contextmanager
def serving(answer: Answer) -> Iterator[Served]:
    """Serve until the block ends."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            _answered(self, served, answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answered(handler: BaseHTTPRequestHandler, served: Served, answer: Answer) -> None:
    with served.lock:
        served.now += 1
        served.busiest = max(served.busiest, served.now)
    try:
        request = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        served.requests.append(request | {"path": handler.path})
        served.keys.append(handler.headers.get("authorization", ""))
        found = MARK.findall(request["messages"][-1]["content"])
        reply = answer(request, found[-1])
        time.sleep(reply.wait)
    finally:
        with served.lock:
            served.now -= 1
    _written(handler, reply)


def _written(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = reply.bytes()
    try:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        for place in range(len(body) if reply.drip else 0):
            handler.wfile.write(body[place : place + 1])
            handler.wfile.flush()
            time.sleep(reply.drip)
        if not reply.drip:
            handler.wfile.write(body)
    except OSError:
        handler.close_connection = True
