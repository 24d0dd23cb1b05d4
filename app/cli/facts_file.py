"""Facts that a person wrote down: from a file, from standard input, or as ``fact=value``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from advisor_rules import InvalidFacts, InvalidFile
from advisor_rules.safe_yaml import MAX_BYTES, Document, Problem, read_yaml
from app.cli.problems import BadInput

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StatedFacts:
    """Facts as stated, and the document that says in which line each of them is."""

    facts: dict[str, Any]
    document: Document
    base: tuple[str, ...]

    def checked(self, use: Callable[[dict[str, Any]], Result]) -> Result:
        """What ``use`` makes of the facts; InvalidFacts become InvalidFile with lines."""
        try:
            return use(self.facts)
        except InvalidFacts as error:
            raise InvalidFile(
                [
                    self.document.problem((*self.base, item.fact), f"{item.fact}: {item.message}")
                    for item in error.problems
                ]
            ) from error


def read_facts_file(path: str) -> StatedFacts:
    """Read facts from a YAML or JSON file, or from standard input where the path is ``-``.

    Facts stand either at the top or under ``facts:``; then other keys are passed over, so that
    advice or an exported case can be read again. Raises InvalidFile and OSError.
    """
    name, content = _content(path)
    if len(content) > MAX_BYTES:
        raise InvalidFile([Problem(name, 0, f"larger than {MAX_BYTES:,} bytes")])
    try:
        document = read_yaml(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidFile([Problem(name, line, "not UTF-8 text")]) from error
    data: Any = document.data
    base: tuple[str, ...] = ()
    if isinstance(data, dict) and "facts" in data:
        data, base = data["facts"], ("facts",)
    if not isinstance(data, dict):
        raise InvalidFile([document.problem(base, "must map fact ids to values, `fact: value`")])
    return StatedFacts(data, document, base)


def _content(path: str) -> tuple[str, bytes]:
    if path == "-":
        return "standard input", sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(path).open("rb") as file:
        return path, file.read(MAX_BYTES + 1)


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """``fact=value`` pairs as facts; the value is read as YAML, ``null`` or nothing is unknown."""
    facts: dict[str, Any] = {}
    wrong: list[str] = []
    for text in assignments:
        name, equals, value = text.partition("=")
        if not (equals and name.strip()):
            wrong.append(f"{text[:80]!r}: write fact=value")
            continue
        try:
            facts[name.strip()] = read_yaml(value, name.strip()).data
        except InvalidFile as error:
            wrong.append(f"{name.strip()[:80]}: {error.problems[0].message}")
    if wrong:
        raise BadInput(*wrong)
    return facts
