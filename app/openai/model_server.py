"""The model server's process, as the web process keeps it: started when needed, asked by pipe.

Torch never loads in the web process. Orders and answers are those of `trainer.serving.protocol`,
one JSON object a line. A server that dies is started again at the next request; a request to which
it had answered nothing yet is put once more by itself.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from importlib.util import find_spec
from itertools import count
from typing import IO, cast

from anyio.to_thread import run_sync
from fastapi import Request
from pydantic import ValidationError

from app.openai.errors import ApiError
from app.settings import Settings
from trainer.serving.protocol import ANSWER, Ask, Cancel, Done, Ended, Piece, Refused

log = logging.getLogger("formfact.models")
Answer = Piece | Ended | Done
NEEDED = ("torch", "transformers", "peft")
STOP_SECONDS = 5.0
PUTS = 2
"""How often a request is put to a server that dies of it, or by chance at the same time."""
STATUS = {
    "bad_request": (400, "invalid_value"),
    "too_long": (400, "context_length_exceeded"),
    "missing_model": (404, "model_not_found"),
    "unsupported_model": (400, "unsupported_model"),
    "out_of_memory": (503, "out_of_memory"),
    "busy": (503, "server_busy"),
    "failed": (500, "model_failed"),
}


class Gone(Exception):
    """The process ended before it had answered."""


class Waiting:
    """A request whose answers come by a thread into the loop of whoever waits."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.answers: asyncio.Queue[Answer | Refused | None] = asyncio.Queue()

    def put(self, answer: Answer | Refused | None) -> None:
        """From the reading thread; None where no more can come."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self.loop.call_soon_threadsafe(self.answers.put_nowait, answer)


class Process:
    """One run of the model server."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-P", "-m", "trainer.serving"]
        command += ["--memory", str(settings.model_memory_bytes)]
        command += ["--idle", str(settings.model_idle_seconds)]
        # a group of its own: the terminal's Ctrl+C is for the web process, which then closes it
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._orders = cast(IO[bytes], self.process.stdin)
        self._told = cast(IO[bytes], self.process.stdout)
        self.waiting: dict[str, Waiting] = {}
        self.over = False
        self._lock = threading.Lock()
        threading.Thread(target=self._read, name="formfact-models", daemon=True).start()

    def order(self, order: Ask | Cancel) -> None:
        """Send an order. Raises Gone."""
        line = order.model_dump_json().encode() + b"\n"
        with self._lock:
            try:
                self._orders.write(line)
                self._orders.flush()
            except (OSError, ValueError) as error:
                raise Gone from error

    def expect(self, name: str) -> Waiting:
        """Have the answers to a request gathered. Raises Gone."""
        waiting = Waiting()
        with self._lock:
            if self.over:
                raise Gone
            self.waiting[name] = waiting
        return waiting

    def _read(self) -> None:
        for line in self._told:
            try:
                answer = ANSWER.validate_json(line)
            except ValidationError:
                log.warning("the model server wrote what nobody can read")
                continue
            if (waiting := self.waiting.get(answer.id)) is not None:
                waiting.put(answer)
        status = self.process.wait()
        self._told.close()
        with self._lock, suppress(OSError):
            self.over = True
            self._orders.close()
        for waiting in tuple(self.waiting.values()):
            waiting.put(None)
        if status:
            log.warning("the model server ended with status %d", status)

    def stop(self) -> None:
        """Close it: it ends where its input does."""
        with suppress(OSError):
            self._orders.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ModelServer:
    """Asks the model server, starting it where it is not there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.current: Process | None = None
        self._names = count(1)
        self._lock = threading.Lock()

    async def ask(self, ask: Ask) -> AsyncGenerator[Answer, None]:
        """The answers to a request, whose id is set here; ends after Done.

        Leaving the iterator early cancels the request. Raises ApiError.
        """
        told = False
        for last in (*[False] * (PUTS - 1), True):
            ask = ask.model_copy(update={"id": str(next(self._names))})
            try:
                async with aclosing(self._answers(ask)) as answers:
                    async for answer in answers:
                        told = True
                        yield answer
                return
            except Gone:
                if told or last:
                    words = "The model server stopped unexpectedly, perhaps for lack of memory."
                    raise ApiError(500, words, code="model_server_stopped") from None

    async def _answers(self, ask: Ask) -> AsyncGenerator[Answer, None]:
        process = await run_sync(self._running)
        waiting = process.expect(ask.id)
        done = False
        try:
            await run_sync(process.order, ask)
            while not done:
                answer = await waiting.answers.get()
                if answer is None:
                    done = True
                    raise Gone
                done = isinstance(answer, Done | Refused)
                if isinstance(answer, Refused):
                    raise refused(answer)
                yield answer
        finally:
            process.waiting.pop(ask.id, None)
            if not done:
                with suppress(Gone):
                    process.order(Cancel(id=ask.id))

    def _running(self) -> Process:
        """The process, started if it is not there. Raises ApiError."""
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            words = (
                f"Models cannot be asked here: {', '.join(missing)} are not installed. "
                'pip install "formfact[train]" brings them.'
            )
            raise ApiError(503, words, code="training_not_installed")
        with self._lock:
            if self.current is None or self.current.over:
                self.current = Process(self.settings)
            return self.current

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self.current is not None:
                self.current.stop()
                self.current = None


def refused(answer: Refused) -> ApiError:
    """The error for a refusal of the model server."""
    status, code = STATUS[answer.code]
    param = "messages" if answer.code in ("bad_request", "too_long") else None
    return ApiError(status, answer.words, code=code, param=param)


def server_of(request: Request) -> ModelServer:
    """The model server of the web server that got this request."""
    found: ModelServer = request.app.state.models
    return found
