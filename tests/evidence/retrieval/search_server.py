"""A search endpoint on loopback: it finds documents by shared words, or answers as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer: a status, a body as bytes or as what JSON can hold, seconds to wait first."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0
    """Seconds between single bytes of the body."""

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Callable[[dict[str, Any]], Reply]


@dataclass
class Served:
    """A running endpoint and what it was asked."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serving(answer: Answer) -> Iterator[Served]:
    """An endpoint for as long as the block lasts."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.asked.append(asked)
            served.headers.append(dict(self.headers))
            reply = answer(asked)
            time.sleep(reply.wait)
            try:
                _send(self, reply)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/search"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    content = reply.bytes()
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    pieces = [content[i : i + 1] for i in range(len(content))] if reply.drip else [content]
    for piece in pieces:
        handler.wfile.write(piece)
        handler.wfile.flush()
        time.sleep(reply.drip)


def by_words(texts: dict[str, str]) -> Answer:
    """Finds the documents that share words with the query, by the number of them."""

    def answer(asked: dict[str, Any]) -> Reply:
        words = set(asked["query"].lower().split())
        scores = {id_: len(words & set(text.lower().split())) for id_, text in texts.items()}
        best = sorted((-score, id_) for id_, score in scores.items() if score)
        hits = [{"id": id_, "score": -score} for score, id_ in best[: asked["k"]]]
        return Reply({"hits": hits})

    return answer
