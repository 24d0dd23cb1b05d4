"""Advice as plain text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator

from app.reading import Reading, Reason, StepReasons
from app.words import counted, sentence

WIDEST = 92
LONGEST_TITLE = 60
MOST_FLIPS = 8
MOST_QUESTIONS = 5


def advice_text(reading: Reading) -> str:
    """The verdict, the reasons, the plan, what would change it, and what to answer next."""
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    lines: list[str] = []
    for heading, body in _parts(reading):
        text = list(_laid_out(body, width))
        if text:
            lines += ([""] if lines else []) + ([heading, "-" * len(heading)] if heading else [])
            lines += text
    return "\n".join(lines)


def facts_text(reading: Reading) -> str:
    """Every known fact with its value, and its origin where nobody simply answered it."""
    lines = ["What is known", "-------------"]
    for fact in reading.facts:
        origin = "" if fact.origin == "answered" else f", {fact.origin}"
        evidence = f" ({fact.evidence})" if fact.evidence else ""
        lines.append(f"{fact.id}: {fact.value}{origin}{evidence}")
    return "\n".join(lines if reading.facts else [*lines, "Nothing yet."])


def _parts(reading: Reading) -> Iterator[tuple[str, Iterable[str]]]:
    yield "", _verdict(reading)
    yield "Why", _why(reading)
    yield "Why not the others", _others(reading)
    yield "Sources disagree", _conflicts(reading)
    yield "Plan", _plan(reading)
    yield "What would change this", _flips(reading)
    yield "Answer next", _questions(reading)
    yield "", (f"~Rulebook {reading.version} ({reading.hash}), as of {reading.as_of}.",)


def _laid_out(body: Iterable[str], width: int) -> Iterator[str]:
    """Wrap lines; a leading ``- `` or ``1. `` hangs, a leading ``~`` means no mark at all."""
    for line in body:
        mark, text = "", line.removeprefix("~")
        first, _, rest = line.partition(" ")
        if first == "-" or (first.endswith(".") and first[:-1].isdigit()):
            mark, text = f"{first} ", rest
        yield from textwrap.wrap(
            " ".join(text.split()), width, initial_indent=mark, subsequent_indent=" " * len(mark)
        )


def _verdict(reading: Reading) -> Iterator[str]:
    yield f"~{reading.verdict}"
    for choice in reading.choices:
        yield f"~{choice.group}: {choice.title}."
    if reading.summary:
        yield f"~{reading.summary}"
    facts = [f"What fails: {reading.diagnosis.lower()}."]
    if reading.strength:
        facts.append(f"Strength of the advice: {reading.strength}.")
    if reading.tied:
        facts.append(f"As much speaks for {reading.tied}, which costs more.")
    yield "~" + " ".join([*facts, reading.decided])


def _why(reading: Reading) -> Iterator[str]:
    for text in dict.fromkeys(reading.because):
        yield f"- What fails: {text}"
    if reading.main:
        yield from _reasons(reading.main)


def _reasons(step: StepReasons) -> Iterator[str]:
    for label, reasons in (("for", step.speaks_for), ("against", step.against)):
        for reason in reasons:
            yield f"- {sentence(reason.strength)} {label}: {reason.text} [{_cited(reason)}]"
    for reason in step.notes:
        effect = {"require": "First", "warn": "Mind"}.get(reason.effect, reason.target)
        yield f"- {effect}: {reason.text} [{_cited(reason)}]"


def _cited(reason: Reason) -> str:
    if reason.heuristic or not reason.sources:
        return f"{reason.rule}; our rule of thumb"
    first, more = reason.sources[0], len(reason.sources) - 1
    title = textwrap.shorten(first.title, LONGEST_TITLE, placeholder=" …")
    return f"{reason.rule}; {title}{f' and {more} more' if more else ''}"


def _others(reading: Reading) -> Iterator[str]:
    for step in reading.others:
        counts = [
            f"{counted(len(reasons), 'rule')} {word}"
            for word, reasons in (("for", step.speaks_for), ("against", step.against))
            if reasons
        ]
        why = step.blocks[0].title if step.blocks else ", ".join(counts)
        yield f"- {step.title}: {step.word.lower()}{f' ({why})' if why else ''}"


def _conflicts(reading: Reading) -> Iterator[str]:
    for conflict in reading.conflicts:
        yield f"- {conflict.question} {conflict.resolution}"
    if reading.conflicts:
        yield "~(--markdown and --html show every side.)"


def _plan(reading: Reading) -> Iterator[str]:
    for number, item in enumerate(reading.plan, 1):
        yield f"{number}. {item['do']} Done when: {item['done_when']}"


def _flips(reading: Reading) -> Iterator[str]:
    for flip in reading.flips[:MOST_FLIPS]:
        yield f"- {flip.change} -> {flip.step}"
    if (more := len(reading.flips) - MOST_FLIPS) > 0:
        yield f"~and {counted(more, 'more change')} (--json shows all)"


def _questions(reading: Reading) -> Iterator[str]:
    for number, item in enumerate(reading.questions[:MOST_QUESTIONS], 1):
        yield f"{number}. {item.question} ({item.fact}) {item.influence}"
    if (more := len(reading.questions) - MOST_QUESTIONS) > 0:
        yield f"~and {counted(more, 'more question')} (--json shows all)"
