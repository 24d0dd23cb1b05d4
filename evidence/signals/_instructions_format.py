"""Instructions on format: lists, sections, highlights, titles, JSON, beginning and end."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from evidence.signals._base import Span
from evidence.signals._instructions_base import (
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    quoted,
    text_of,
)

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "en": ("My answer is yes.", "My answer is no.", "My answer is maybe."),
    "es": ("Sí.", "No.", "Quizás."),
    "fr": ("Oui.", "Non.", "Peut-être."),
    "ja": ("はい、そうです。", "いいえ、違います。", "どちらとも言えません。"),
}
TITLES: Mapping[str, tuple[str, str]] = {
    "en": ("<<", ">>"),
    "fr": ("##", "##"),
    "ja": ("『", "』"),
}
QUOTES: Mapping[str, tuple[str, ...]] = {
    "en": ('""',),
    "fr": ('""', "''", "«»"),
    "ja": ("「」",),
}
SINGLE = re.compile(r"\*([^\n*]*)\*")
DOUBLE = re.compile(r"\*\*([^\n*]*)\*\*")
JAPANESE_HIGHLIGHT = re.compile(r"《([^\n《》]*)》")
NUMBERED = re.compile(r"^[^\S\n]*\d+\.\s", re.MULTILINE)
POSTSCRIPTS: Mapping[str, re.Pattern[str]] = {
    "P.P.S": re.compile(r"p\.\s?p\.\s?s", re.IGNORECASE),
    "P.S.": re.compile(r"p\.\s?s\.", re.IGNORECASE),
}
FENCE_START = re.compile(r"\A```(?:json|Json|JSON)?")


def _placeholders(reply: Reply, options: Options) -> Verdict | None:
    found = sum(_bracketed(line) for line in reply.text.split("\n"))
    wanted = number_of(options, "num_placeholders")
    return counted(found, "at least", wanted, "placeholders in square brackets")


def _bracketed(line: str) -> int:
    """How many pairs of square brackets a line has, without looking at any character twice."""
    found, place = 0, 0
    while (start := line.find("[", place)) >= 0:
        end = line.find("]", start + 1)
        if end < 0:
            break
        found, place = found + 1, end + 1
    return found


def _bullets(reply: Reply, options: Options) -> Verdict | None:
    lines = [line.lstrip() for line in reply.text.split("\n")]
    if reply.language == "ja":
        found = sum(line.startswith("・") and line[1:2] not in ("", "・") for line in lines)
    else:
        found = sum(line.startswith("*") and line[1:2] != "*" for line in lines)
    if reply.language not in ("ja", "es"):
        found += sum(line.startswith("-") for line in lines)
    return counted(found, "exactly", number_of(options, "num_bullets"), "bullet points")


def _numbered(reply: Reply, options: Options) -> Verdict | None:
    found = sum(1 for _ in NUMBERED.finditer(reply.text))
    return counted(found, "exactly", number_of(options, "num_items"), "numbered points")


def _highlights(reply: Reply, options: Options) -> Verdict | None:
    patterns = (JAPANESE_HIGHLIGHT,) if reply.language == "ja" else (SINGLE, DOUBLE)
    found = sum(
        bool(match[1].strip()) for pattern in patterns for match in pattern.finditer(reply.text)
    )
    return counted(found, "at least", number_of(options, "num_highlights"), "highlighted sections")


def _sections(reply: Reply, options: Options) -> Verdict | None:
    mark = text_of(options, "section_spliter") or text_of(options, "section_splitter")
    if mark is None:
        return None
    pattern = (
        rf"第\d+{re.escape(mark)}" if reply.language == "ja" else rf"{re.escape(mark)}\s?\d+\s?"
    )
    found = sum(1 for _ in re.finditer(pattern, reply.text))
    what = f"sections that begin with {quoted(mark)}"
    return counted(found, "at least", number_of(options, "num_sections"), what)


def _constrained(reply: Reply, options: Options) -> Verdict | None:
    allowed = OPTIONS.get(reply.language)
    if allowed is None:
        return None
    kept = any(option in reply.text for option in allowed)
    return Verdict(kept, f"asked for one of {', '.join(map(quoted, allowed))}; found none of them")


def _title(reply: Reply, options: Options) -> Verdict | None:
    first, last = TITLES.get(reply.language, TITLES["en"])
    kept = any(_titled(line, first, last) for line in reply.text.split("\n"))
    return Verdict(kept, f"asked for a title written {first}title{last}; found none")


def _titled(line: str, first: str, last: str) -> bool:
    """Whether there is anything between the first opening and the last closing mark."""
    start, end = line.find(first), line.rfind(last)
    return 0 <= start < end and bool(line[start:end].strip(first + last + " \t"))


def _json(reply: Reply, options: Options) -> Verdict | None:
    text = FENCE_START.sub("", reply.text.strip()).removesuffix("```").strip()
    try:
        json.loads(text)
    except RecursionError:
        return None
    except ValueError as error:
        return Verdict(False, f"asked for JSON; it does not parse: {error}"[:200])
    return Verdict(True)


def _postscript(reply: Reply, options: Options) -> Verdict | None:
    marker = text_of(options, "postscript_marker")
    if marker is None:
        return None
    pattern = POSTSCRIPTS.get(marker) or re.compile(re.escape(marker), re.IGNORECASE)
    kept = pattern.search(reply.text) is not None
    return Verdict(kept, f"asked for a postscript that begins with {quoted(marker)}; found none")


def _end(reply: Reply, options: Options) -> Verdict | None:
    phrase = text_of(options, "end_phrase")
    if phrase is None:
        return None
    marks = "」』" if reply.language == "ja" else '"'
    text = reply.text.strip().strip(marks).lower()
    kept = text.endswith(phrase.strip(marks if reply.language == "ja" else "").lower())
    tail = Span(max(0, len(reply.text) - len(phrase)), len(reply.text))
    return Verdict(kept, f"asked to end with {quoted(phrase)}; it ends otherwise", (tail,))


def _quotation(reply: Reply, options: Options) -> Verdict | None:
    text = reply.text.strip()
    pairs = QUOTES.get(reply.language, QUOTES["en"])
    kept = len(text) > 1 and text[0] + text[-1] in pairs
    return Verdict(kept, "asked for quotation marks around the whole answer; they are not there")


CHECKS: Mapping[str, Check] = {
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_numbered_lists": _numbered,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:constrained_response": _constrained,
    "detectable_format:title": _title,
    "detectable_format:json_format": _json,
    "startend:end_checker": _end,
    "startend:quotation": _quotation,
}
