"""Progress of something slow on standard error: one line, written over on a terminal."""

from __future__ import annotations

import sys
import time

import click

SILENT = 1.0
"""Seconds before anything is said: what is quick needs no progress."""
ON_TERMINAL, ELSEWHERE = 0.2, 5.0
"""Seconds between two lines."""


class Progress:
    """How many of ``things`` are done, and how fast."""

    def __init__(self, things: str) -> None:
        self.things = things
        self.started = time.perf_counter()
        self.terminal = sys.stderr.isatty()
        self.every = ON_TERMINAL if self.terminal else ELSEWHERE
        self.next = self.started + SILENT
        self.said = False

    def at(self, done: int) -> None:
        """Say where things are, if it is time to."""
        now = time.perf_counter()
        if now >= self.next:
            self.next = now + self.every
            self._say(done, now)

    def end(self, done: int) -> None:
        """Say how it ended, if anything was said before."""
        if self.said:
            self._say(done, time.perf_counter())
            if self.terminal:
                click.echo(err=True)

    def _say(self, done: int, now: float) -> None:
        self.said = True
        rate = done / max(now - self.started, 1e-9)
        line = f"{done:,} {self.things}, {rate:,.0f} a second"
        click.echo(f"\r{line:<60}" if self.terminal else line, nl=not self.terminal, err=True)
