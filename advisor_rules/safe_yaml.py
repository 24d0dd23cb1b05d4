"""Reading YAML that may be hostile: no aliases, no tags, no duplicate keys, bounded depth and size.

Every value keeps its line, so that a problem can say where it is. JSON is read as the YAML that it
almost is; the two places where it is not (``1e5`` and escaped surrogate pairs) are looked after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40

Path = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING = "tag:yaml.org,2002:str"
_JSON_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?[eE][+-]?\d+")
_SURROGATES = re.compile(r"\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file: where, and what to do about it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else self._without_line()

    def _without_line(self) -> str:
        return f"{self.file}: {self.message}" if self.file else self.message


class InvalidFile(ValueError):
    """A file that cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed YAML: plain data, and the line of every path in it."""

    file: str
    data: Any
    lines: dict[Path, int]

    def problem(self, path: Path, message: str) -> Problem:
        """A problem at the closest known line to ``path``."""
        while path and path not in self.lines:
            path = path[:-1]
        return Problem(self.file, self.lines.get(path, 1), message)


def read_yaml(text: str, file: str) -> Document:
    """Parse one YAML (or JSON) document.

    Raises InvalidFile for syntax errors, duplicate keys, aliases, tags, more than one document,
    more than MAX_BYTES or deeper nesting than MAX_DEPTH.
    """
    if len(text) > MAX_BYTES:
        raise InvalidFile([Problem(file, 0, f"larger than {MAX_BYTES:,} characters")])
    try:
        builder = _Builder(_SURROGATES.sub(_character, text), file)
        data = builder.document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidFile([Problem(file, line, f"not valid YAML: {error.problem}")]) from error
    except InvalidFile:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidFile([Problem(file, 1, f"not valid YAML: {error}")]) from error
    if builder.problems:
        raise InvalidFile(builder.problems)
    return Document(file, data, builder.lines)


def _character(pair: re.Match[str]) -> str:
    """The character that two escaped surrogates stand for (JSON writes emoji like this)."""
    high, low = (int(half, 16) for half in pair.groups())
    return chr(0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF))


class _Builder:
    """Builds data from parser events, so that nothing is expanded before it is checked."""

    def __init__(self, text: str, file: str) -> None:
        self.loader = _Loader(text)
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def document(self) -> Any:
        self._next()  # stream start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        data = self._value((), self._next())
        self._next()  # document end
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            self._complain(event, "only one document in a file, please")
        return data

    def _next(self) -> Any:
        return self.loader.get_event()

    def _complain(self, event: Any, message: str) -> None:
        self.problems.append(Problem(self.file, event.start_mark.line + 1, message))

    def _fatal(self, event: Any, message: str) -> InvalidFile:
        self._complain(event, message)
        return InvalidFile(self.problems)

    def _value(self, path: Path, event: Any) -> Any:
        self._check_plain(path, event)
        if len(path) > MAX_DEPTH:
            raise self._fatal(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event)

    def _check_plain(self, path: Path, event: Any) -> None:
        self.lines[path] = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self._fatal(event, "anchors and aliases are not allowed: write the value out")
        if event.tag:
            raise self._fatal(event, f"tags such as {event.tag[:40]!r} are not allowed")

    def _scalar(self, event: Any) -> Any:
        tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == _STRING and event.implicit[0] and _JSON_FLOAT.fullmatch(event.value):
            return float(event.value)
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        try:
            return self.loader.construct_object(node)
        except ValueError as error:
            raise self._fatal(event, f"not valid YAML: {error}") from error

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value((*path, len(items)), event))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fatal(event, "a key must be a plain word")
            key = event.value
            self._check_plain((*path, key), event)
            if key in result:
                self._complain(event, f"key {key[:80]!r} is given twice")
            value = self._value((*path, key), self._next())
            result.setdefault(key, value)
        return result
