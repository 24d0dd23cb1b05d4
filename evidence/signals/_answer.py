"""The answer itself, taken out of a structured or wrapped output.

What is looked at: the first ``LIMIT`` characters of the output. JSON (valid or lightly broken,
fenced or surrounded by prose), XML, CSV with a header, ``Answer: X`` lines, regular expressions
with a group, and talk around an answer are known. What is in none of these shapes comes back as
it stands, without talk.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from evidence.signals._chatter import without_chatter
from evidence.signals._regex import captured
from evidence.view import RecordView

LIMIT = 20_000
SHORT = 1_000
"""Characters above which a line such as ``Result: 5`` in the middle need not be the answer."""
MAX_DEPTH = 6
MAX_PARTS = 50
KEYS = (
    "final_answer", "final answer", "answer", "answers", "response", "reply", "result", "output",
    "value", "text", "content", "message", "prediction", "label", "solution",
)  # fmt: skip
BESIDE = frozenset(
    {"explanation", "reason", "reasoning", "rationale", "evidence", "source", "sources", "quote"}
    | {"source_quote", "citation", "citations", "confidence", "score", "context", "note", "notes"}
    | {"thought", "thoughts", "justification", "question", "id", "references"}
)
"""Keys of what stands beside an answer."""

_NAMES = r"final[ _]answer|answers?|response|reply|result|output"
LABEL_WORDS = ("answer", "response", "reply", "result", "output")
FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
LOOSE_PAIR = re.compile(
    rf"""["'“]?\b({_NAMES})["'”]?\s*:\s*(?:"((?:[^"\\]|\\.)*)|'((?:[^'\\]|\\.)*)|([^\s,}}\]"'][^,}}\]\n]*))""",
    re.IGNORECASE,
)
LOOSE_STRING = re.compile(r"""["']\w+["']\s*:\s*(?:"((?:[^"\\]|\\.)*)|'((?:[^'\\]|\\.)*))""")
ELEMENT = re.compile(rf"(?<!<)<({_NAMES}|value|text)\b[^<>]*>([^<]*)", re.IGNORECASE)
WRAPPED = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?<([A-Za-z_][\w.-]*)\b[^<>]*>(.*?)</\1\s*>\s*\Z", re.DOTALL
)
TAG = re.compile(r"<[^<>]{0,200}>")
_LABEL = rf"[\t >*#•-]*(?:\d+[.)] *)?\**(?:(?:the|my) )?(?:{_NAMES})\**\s*(?::|=| [-–] )\**[ \t]*"
LABELLED = re.compile(rf"^{_LABEL}(?P<value>[^\n]*)", re.IGNORECASE | re.MULTILINE)
OTHER_LABEL = re.compile(r"^[\t >*#•-]*\**[A-Za-z][\w ]{0,30}\**\s*:", re.MULTILINE)
ANSWER_IS = re.compile(
    r"\A(?:so,? |therefore,? )?the (?:final |correct )?answer is:? ", re.IGNORECASE
)


def answer_text(view: RecordView) -> str:
    """The answer alone, without the format around it; the whole output where there is no format."""
    pattern = view.format.get("pattern") or view.format.get("regex")
    return _answer(view.output, pattern if isinstance(pattern, str) else "")


@lru_cache(maxsize=16)
def _answer(output: str, pattern: str) -> str:
    text = output[:LIMIT].replace("\x00", "").strip()
    if pattern and "(" in pattern and (group := captured(pattern, text)) is not None:
        return group.strip()
    text = _unfenced(text)
    for reader in (_from_json, _from_element, _from_csv, _from_label):
        found = reader(text)
        if found and found.strip():
            return found.strip()
    return ANSWER_IS.sub("", without_chatter(text)) or text


def _unfenced(text: str) -> str:
    """What stands inside the fence, where a fence holds all but talk."""
    if "```" not in text:
        return text
    found = FENCE.search(text)
    if found is None or text.count("```") > 2:
        return text
    outside = text[: found.start()] + text[found.end() :]
    return found[1].strip() if len(outside) <= max(200, len(found[1])) else text


def _from_json(text: str) -> str | None:
    start = min((place for place in (text.find("{"), text.find("[")) if place >= 0), default=-1)
    if start < 0:
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return _from_loose_json(text[start:]) if text[start] == "{" else None
    whole = start == 0 or not text[end:].strip() or '":' in text[start:end]
    return _answer_in(value, MAX_DEPTH) if whole and isinstance(value, dict) else None


def _answer_in(value: Any, depth: int) -> str | None:
    """The answer in a JSON value: under an answer-like key, else the only text that there is."""
    if not isinstance(value, dict):
        return _plain(value, depth)
    if depth <= 0:
        return None
    keys = {str(key).lower(): key for key in value}
    for name in KEYS:
        if name in keys:
            return _answer_in(value[keys[name]], depth - 1)
    rest = [item for name, item in keys.items() if name not in BESIDE]
    told = [value[name] for name in rest]
    texts = [item for item in told if isinstance(item, str)]
    if len(texts) == 1:
        return texts[0]
    return _answer_in(told[0], depth - 1) if len(told) == 1 else None


def _plain(value: Any, depth: int) -> str | None:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        parts = (_answer_in(item, depth - 1) for item in value[:MAX_PARTS] if depth > 0)
        return ", ".join(part for part in parts if part)
    return json.dumps(value)


def _from_loose_json(text: str) -> str | None:
    """The value of the answer-like key in what should be JSON and is not quite."""
    found = LOOSE_PAIR.search(text)
    if found is None:
        strings = list(_few(LOOSE_STRING.finditer(text), 2))
        return _unescaped(strings[0]) if len(strings) == 1 else None
    return found[4].strip() if found[4] is not None else _unescaped(found)


def _few(found: Iterator[re.Match[str]], most: int) -> Iterator[re.Match[str]]:
    for _, item in zip(range(most), found, strict=False):
        yield item


def _unescaped(found: re.Match[str]) -> str:
    text = next((group for group in found.groups()[-3:] if group is not None), "")
    return re.sub(r"\\([\"'\\/])", r"\1", text)


def _from_element(text: str) -> str | None:
    if "<" not in text:
        return None
    if found := ELEMENT.search(text):
        return found[2]
    found = WRAPPED.match(text)
    return TAG.sub(" ", found[2]) if found else None


def _from_csv(text: str) -> str | None:
    """The cell below an answer-like column's name, where the first lines are a table."""
    lines = text.splitlines()
    for place, line in enumerate(lines[:5]):
        names = [name.strip().strip('"').lower() for name in line.split(",")]
        column = next((names.index(key) for key in KEYS if key in names), -1)
        if len(names) > 1 and column >= 0 and place + 1 < len(lines):
            return _cell(lines[place + 1], column)
    return None


def _cell(line: str, column: int) -> str | None:
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:
        return None
    return row[column] if column < len(row) else None


def _from_label(text: str) -> str | None:
    """What follows ``Answer:``; all of it where the text begins so and goes on without labels."""
    lower = text.lower()
    found = LABELLED.search(text) if any(word in lower for word in LABEL_WORDS) else None
    if found is None:
        return None
    rest = text[found.start("value") :]
    if found.start() > 0 and len(text) > SHORT and "answer" not in found[0].lower():
        return None
    if found.start() > 0 or OTHER_LABEL.search(rest, len(found["value"])):
        return found["value"] or None
    return without_chatter(rest)
