"""JSON as a strict parser sees it, and what is wrong with what is nearly JSON."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import Any

from evidence.signals._fence import fences, in_fence
from evidence.signals._parsed import LIMIT, Parsed, at, between

MAX_LITERAL = 20_000
"""Characters of a Python literal that are looked at."""
STARTS = re.compile(r"[{\[]")
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
COMMENT = re.compile(r"(?m)(?<![:\"'\w])//[^\n]*$|/\*[^*]{0,2000}\*/|^\s*#[^\n]*$")
CONSTANT = re.compile(r"\b-?(?:NaN|Infinity)\b")
SMART = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})
"""Typographic quotes -> plain ones."""
PYTHON = {"True": "true", "False": "false", "None": "null"}
PYTHON_WORD = re.compile(r"(?<=[:,\[{\s])(True|False|None)(?=\s*[,}\]])")
BAD_ESCAPE = re.compile(r"(?<!\\)\\([^\"\\/bfnrtu])")
BARE_KEY = re.compile(r"(?<=[{,])(\s*)([A-Za-z_]\w{0,60})(\s*:)")


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


STRICT = json.JSONDecoder(parse_constant=_constant)
LENIENT = json.JSONDecoder(strict=False)


@lru_cache(maxsize=8)
def read_json(output: str) -> Parsed | None:
    """What parsing an output as one JSON value comes to; None where it is too long to look at."""
    if len(output) > LIMIT:
        return None
    text = output.strip().removeprefix("\ufeff")
    if not text:
        return Parsed("invalid", "The output is empty")
    try:
        value, doubled = _strict(text)
    except RecursionError:
        return None
    except json.JSONDecodeError as error:
        return _broken(output, error)
    except ValueError as error:
        return _not_strict(output, str(error))
    return _doubled(output, value, doubled)


def _strict(text: str) -> tuple[Any, list[str]]:
    """The value, and keys that stand twice in one object, which parsers read differently."""
    doubled: list[str] = []

    def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            doubled.append(max(counts, key=counts.__getitem__))
        return made

    decoder = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_object)
    return decoder.decode(text), doubled


def _doubled(output: str, value: Any, names: list[str]) -> Parsed:
    if not names:
        return Parsed("valid", "It is JSON", value=value, readable=True)
    said = f"The key {names[0]!r:.80} stands more than once in an object"
    place = max(0, output.rfind(f'"{names[0]}"'))
    return Parsed("suspect", said, at(place, output, len(names[0]) + 2), value, True)


def _broken(output: str, error: json.JSONDecodeError) -> Parsed:
    """Why it is no JSON: fenced, in prose, cut off, nearly JSON, or none at all."""
    lead = len(output) - len(output.lstrip().removeprefix("\ufeff"))
    place = lead + error.pos
    blocks = fences(output)
    if blocks:
        inner = _decoded(blocks[0].text)
        if inner is not None:
            return _in_fence(output, inner[0])
    start = STARTS.search(output)
    if start is None:
        return Parsed("invalid", "There is no JSON object in the output", between(0, len(output)))
    found = _raw(output, start.start())
    if found is not None:
        return _with_rest(output, start.start(), found[1], found[0])
    piece = blocks[0].text if blocks else output[start.start() :]
    return _almost(output, piece, place) or _unreadable(output, piece, error.msg, place)


def _in_fence(output: str, value: Any) -> Parsed:
    return replace(in_fence(output, fences(output)[0], "JSON"), value=value, readable=True)


def _with_rest(output: str, start: int, end: int, value: Any) -> Parsed:
    rest = output[end:].strip()
    if rest[:1] in ("{", "[") and not output[:start].strip():
        return Parsed("several", "More than one JSON value", at(output.find(rest, end), output))
    spans = (*between(0, start), *between(end, len(output.rstrip())))
    if not output[:start].strip() and not rest.strip("}], \n"):
        return Parsed("invalid", "More brackets are closed than opened", spans, value, True)
    if not isinstance(value, dict | list) or not value or (isinstance(value, list) and start):
        return Parsed("invalid", "There is no JSON object in the output", spans)
    return Parsed("wrapped", "JSON with text around it", spans, value, True)


def _raw(text: str, start: int) -> tuple[Any, int] | None:
    try:
        return STRICT.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None


def _decoded(text: str) -> tuple[Any] | None:
    try:
        return (STRICT.decode(text.strip()),)
    except (ValueError, RecursionError):
        return None


def _not_strict(output: str, why: str) -> Parsed | None:
    """NaN and Infinity: many parsers read them, the standard does not have them.

    None where it is Python that gives up, at an integer of thousands of digits.
    """
    found = CONSTANT.search(output)
    if found is None:
        return None
    spans = at(found.start(), output, len(found[0]))
    return _lenient(output, Parsed("almost", why, spans))


def _lenient(text: str, otherwise: Parsed) -> Parsed:
    try:
        value = LENIENT.decode(text.strip())
    except (ValueError, RecursionError):
        return otherwise
    return Parsed(otherwise.verdict, otherwise.detail, otherwise.spans, value, True)


def _almost(output: str, piece: str, place: int) -> Parsed | None:
    """What becomes JSON with a small repair, with the repair named."""
    end = max(piece.rfind("}"), piece.rfind("]")) + 1
    piece = piece[:end].strip()
    for said, repaired in _repairs(piece):
        try:
            value = LENIENT.decode(repaired)
        except (ValueError, RecursionError):
            continue
        return Parsed("almost", f"Not JSON: {said}", at(place, output), value, True)
    literal = _literal(piece)
    if literal is None:
        return None
    return Parsed("almost", "Not JSON: single quotes", at(place, output), literal[0], True)


def _repairs(piece: str) -> list[tuple[str, str]]:
    """Ways in which models miss JSON, each with the text repaired; later ones build on earlier."""
    commas = TRAILING_COMMA.sub("", piece)
    comments = TRAILING_COMMA.sub("", COMMENT.sub("", piece))
    words = PYTHON_WORD.sub(lambda found: PYTHON[found[1]], comments)
    keys = BARE_KEY.sub(r'\1"\2"\3', words)
    return [
        ("a raw line break or tab in a text", piece.replace("\x00", "")),
        ("a backslash where none may stand", BAD_ESCAPE.sub(r"\\\\\1", piece)),
        ("a comma too many", commas),
        ("comments", comments),
        ("words of Python such as True or None", words),
        ("keys without quotes", keys),
        ("typographic quotes", keys.translate(SMART)),
    ]


def _literal(piece: str) -> tuple[Any] | None:
    """The value of a Python literal; ``literal_eval`` builds values and runs nothing."""
    if len(piece) > MAX_LITERAL or "'" not in piece or piece.count("{") + piece.count("[") > 500:
        return None
    try:
        value = ast.literal_eval(piece)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return (value,) if isinstance(value, dict | list) else None


def _unreadable(output: str, piece: str, why: str, place: int) -> Parsed:
    if _is_open(piece):
        return Parsed("cut_off", "The JSON breaks off before its end", at(len(output), output))
    return Parsed("invalid", f"Not JSON: {why}", at(place, output))


def _is_open(text: str) -> bool:
    """Whether a text of JSON ends inside a bracket or a quoted text."""
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            escaped, quoted = character == "\\" and not escaped, character != '"' or escaped
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
    return quoted or depth > 0
