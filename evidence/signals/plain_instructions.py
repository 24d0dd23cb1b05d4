"""Instructions written out in the input that a program can check, such as "in under 50 words".

Looks for the commonest phrasings, in English alone, in the last question and the system message,
and checks the output against those it recognises. Returns the kind of the instruction that was
broken, or that all recognised ones hold. Says nothing where the record lists its instructions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evidence.signals._base import Observation
from evidence.signals._instructions import checks, gravest_kind, spans_of_all
from evidence.signals._instructions_base import Reply, Verdict
from evidence.view import RecordView

SIGNALS = ("stated_instruction_broken_kind", "stated_instructions_followed")
MAX_INPUT_CHARS = 4_000
"""Longer inputs quote documents, whose sentences are not instructions."""
MAX_CHARS = 200_000
"""Longer outputs are not measured."""

Options = Mapping[str, Any]
Read = Callable[[re.Match[str]], Options]
WHOLE = r"(?:response|answer|reply|output|letter|text|poem|story|essay|everything)"
RELATIONS = {
    "at least": "at least",
    "no fewer than": "at least",
    "no less than": "at least",
    "more than": "more than",
    "less than": "less than",
    "fewer than": "less than",
    "under": "less than",
    "below": "less than",
    "at most": "at most",
    "no more than": "at most",
    "maximum of": "at most",
    "up to": "at most",
    "exactly": "exactly",
}
COUNT = rf"\b({'|'.join(RELATIONS)}) (\d{{1,5}}) UNITS\b(?! (?:per|each|in each|or))"


def _amount(key: str) -> Read:
    def read(match: re.Match[str]) -> Options:
        return {"relation": RELATIONS[match[1].lower()], key: int(match[2])}

    return read


def _nothing(match: re.Match[str]) -> Options:
    return {}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


Phrase = tuple[str, str, re.Pattern[str], Read]
"""A word that is in the phrasing, the instruction's id, the phrasing, and how to read it."""
PHRASES: tuple[Phrase, ...] = (
    (
        "comma",
        "punctuation:no_comma",
        _pattern(
            r"\b(?:(?:do not|don't|not allowed to|without|refrain from|avoid|never) (?:use |using |"
            r"the use of |include |including |contain )?(?:any |a single )?commas?\b"
            r"|no commas\b(?! (?:before|after|between)))"
        ),
        _nothing,
    ),
    (
        "all ca",
        "change_case:english_capital",
        _pattern(
            rf"\b(?:entire|whole|your) {WHOLE}[^.\n]{{0,40}}\bin (?:English,? and )?(?:in )?"
            r"(?:all capital letters|all caps)"
        ),
        _nothing,
    ),
    (
        "lower",
        "change_case:english_lowercase",
        _pattern(
            rf"\b(?:entire|whole|your) {WHOLE}[^.\n]{{0,40}}\bin (?:English,? and )?(?:in )?"
            r"(?:all |only )?lower ?case"
        ),
        _nothing,
    ),
    (
        "words",
        "length_constraints:number_words",
        _pattern(COUNT.replace("UNITS", "words")),
        _amount("num_words"),
    ),
    (
        "sentences",
        "length_constraints:number_sentences",
        _pattern(COUNT.replace("UNITS", "sentences")),
        _amount("num_sentences"),
    ),
    (
        "bullet",
        "detectable_format:number_bullet_lists",
        _pattern(r"\b(exactly) (\d{1,3}) bullet points\b"),
        _amount("num_bullets"),
    ),
    (
        "json",
        "detectable_format:json_format",
        _pattern(
            rf"\b(?:entire|whole|your) {WHOLE}[^.\n]{{0,30}}\b(?:in|as|using) (?:valid )?JSON"
        ),
        _nothing,
    ),
    (
        "angular",
        "detectable_format:title",
        _pattern(
            r"\btitle,? (?:that is )?(?:wrapped|enclosed|contained) in double angular bracket"
        ),
        _nothing,
    ),
    (
        "quotation",
        "startend:quotation",
        _pattern(
            rf"\b(?:wrap|enclose|put) (?:your |the )?(?:entire |whole )?{WHOLE} "
            r"(?:in|with|inside|within) double quotation marks"
        ),
        _nothing,
    ),
    (
        "placeholders",
        "detectable_content:number_placeholders",
        _pattern(r"\bat least (\d{1,3}) placeholders\b"),
        lambda match: {"num_placeholders": int(match[1])},
    ),
    (
        "exact phrase",
        "startend:end_checker",
        _pattern(
            r"\b(?:finish|end) [^.\n\"]{0,40}with (?:this|the) exact phrase:? \"([^\"\n]{3,200})\""
        ),
        lambda match: {"end_phrase": match[1]},
    ),
)
YES_OR_NO = _pattern(
    r"\b(?:answer|reply|respond) (?:with )?(?:only|just|simply) (?:with )?(?:a )?[\"']?yes[\"']? "
    r"or [\"']?no\b|\b(?:answer|reply|respond) (?:with )?[\"']?yes[\"']? or [\"']?no[\"']? only\b"
)
STRIPPED = " \n\t.!\"'*"


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether instructions that the input states in usual words were followed."""
    asked = f"{view.instructions}\n{view.question}" if view.instructions else view.question
    if view.format_type == "ifeval" or len(asked) > MAX_INPUT_CHARS:
        return
    if len(view.output) > MAX_CHARS or not view.output.strip():
        return
    checked = tuple(_checked(asked, view.output))
    broken = [(name, verdict) for name, verdict in checked if not verdict.kept]
    if broken:
        detail = "; ".join(verdict.said for _, verdict in broken)
        kind = gravest_kind(name for name, _ in broken)
        spans = spans_of_all(verdict for _, verdict in broken)
        yield Observation("stated_instruction_broken_kind", kind, detail, spans)
    if checked:
        detail = f"{len(checked)} instructions of the input were checked"
        yield Observation("stated_instructions_followed", not broken, detail)


def _checked(asked: str, output: str) -> Iterator[tuple[str, Verdict]]:
    lower = asked.lower()
    for cue, name, pattern, read in PHRASES:
        for match in pattern.finditer(asked) if cue in lower else ():
            verdict = checks()[name](Reply(output), read(match))
            if verdict is not None:
                yield name, verdict
    if "yes" in lower and YES_OR_NO.search(asked):
        kept = output.strip(STRIPPED).lower() in ("yes", "no")
        yield "detectable_format:constrained_response", Verdict(kept, "asked for yes or no alone")
