"""A load of HTTP requests over keep-alive connections, each waiting for its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast


@dataclass(frozen=True)
class Load:
    """What a load measured: seconds it took, and each answer's latency in milliseconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """The latency in milliseconds that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request_bytes(port: int, path: str, body: bytes) -> bytes:
    """A POST request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is complete."""

    def __init__(self, requests: Sequence[bytes], start: int, step: int, until: float) -> None:
        self.requests, self.next, self.step, self.until = requests, start, step, until
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.missing = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has a class of its own
        self._send()

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            self.buffer += data
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                return self._stop(RuntimeError(bytes(head[:80]).decode()))
            length = head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
            self.missing = int(length) - len(rest)
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop(exc or RuntimeError("the server closed the connection"))

    def _send(self) -> None:
        self.buffer.clear()
        self.missing = -1
        self.sent = time.perf_counter()
        self.transport.write(self.requests[self.next % len(self.requests)])
        self.next += self.step

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies.append((now - self.sent) * 1000)
        if now < self.until:
            self._send()
        else:
            self._stop(None)

    def _stop(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None) if error is None else self.done.set_exception(error)
        self.transport.close()


async def run_load(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send the requests in turn over so many connections for so long."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = [
        _Connection(requests, start, connections, begun + seconds) for start in range(connections)
    ]
    for connection in made:
        await loop.create_connection(partial(_itself, connection), "127.0.0.1", port)
    await asyncio.gather(*(connection.done for connection in made))
    latencies = [latency for connection in made for latency in connection.latencies]
    return Load(time.perf_counter() - begun, latencies)


def _itself(connection: _Connection) -> _Connection:
    return connection
