"""Progress through work of several stages, on standard error."""

from __future__ import annotations

import sys
import time

import click

from app.cli.progress import ELSEWHERE, ON_TERMINAL, SILENT


class Stages:
    """Says which stage the work is at and how far; quick work says nothing."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._terminal = sys.stderr.isatty()
        self._next = self._started + SILENT
        self._said = ""

    def at(self, stage: str, done: int, total: int) -> None:
        """Say where things are: at once when a new stage begins, else if it is time to."""
        now = time.perf_counter()
        slow = now - self._started >= SILENT
        if now < self._next and not (slow and stage != self._said):
            return
        self._next = now + (ON_TERMINAL if self._terminal else ELSEWHERE)
        self._said = stage
        line = f"{stage}: {done:,} of {total:,}"
        click.echo(f"\r{line:<70}" if self._terminal else line, nl=not self._terminal, err=True)

    def end(self) -> None:
        """Leave the line, where one was written over."""
        if self._said and self._terminal:
            click.echo(err=True)
