"""SQL, read by sqlglot in the dialect that was asked for."""

from __future__ import annotations

import logging
from typing import Any

from evidence.signals._fence import fences
from evidence.signals._parsed import Parsed, Verdict, at, between, place_of

LIMIT = 20_000
MAX_BRACKETS = 100
"""More brackets inside one another than anybody writes; the parser would run out of stack."""
DIALECTS = {
    "postgresql": "postgres", "psql": "postgres", "mssql": "tsql", "sqlserver": "tsql",
    "sql_server": "tsql", "mariadb": "mysql", "sqlite3": "sqlite", "google_sql": "bigquery",
    "sparksql": "spark", "ansi": "", "sql": "", "standard": "",
}  # fmt: skip

UNNAMED = ("", "mysql", "tsql", "bigquery", "oracle")
"""Dialects that are tried one after the other where none was named."""


def read_sql(output: str, dialect: str) -> Parsed | None:
    """What parsing an output as SQL comes to; None where it cannot be told."""
    blocks = fences(output)
    text, start = (blocks[0].text, blocks[0].start) if blocks else (output, 0)
    if not text.strip():
        return Parsed("invalid", "There is no SQL in the output", between(0, len(output)))
    if len(text) > LIMIT or _depth(text) > MAX_BRACKETS:
        return None
    try:
        return _checked(output, text, start, dialect)
    except (RecursionError, ValueError, AttributeError, TypeError, IndexError, KeyError):
        return None  # the parser itself failed, which says nothing about the SQL


def _checked(output: str, text: str, start: int, dialect: str) -> Parsed | None:
    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it reports what it does not know
    name = dialect.strip().lower().replace(" ", "_")
    known = DIALECTS.get(name, name)
    if known and known not in sqlglot.Dialect.classes:
        known = ""
    failed: list[dict[str, Any]] | None = None
    for tried in (known,) if known else UNNAMED:
        try:
            statements = sqlglot.parse(text, dialect=tried or None)
            return _judged(output, [item for item in statements if item is not None])
        except ParseError as error:
            failed = error.errors if failed is None else failed
        except TokenError:
            continue
    if failed is None:
        return Parsed("cut_off", "A quoted text is never closed", at(start + len(text), output))
    return _rejected(output, text, start, failed)


def _rejected(output: str, text: str, start: int, found: list[dict[str, Any]]) -> Parsed:
    first = found[0] if found else {}
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    reached = place_of(text, line, column + 1)
    place = start + max(0, reached - len(str(first.get("highlight") or "")) - 1)
    said = str(first.get("description") or "not understood").split("\n", maxsplit=1)[0][:120]
    verdict: Verdict = "cut_off" if reached >= len(text.rstrip()) else "invalid"
    return Parsed(verdict, f"Not SQL: {said}", at(place, output))


def _judged(output: str, statements: list[Any]) -> Parsed:
    from sqlglot import exp

    if not statements:
        return Parsed("invalid", "There is no SQL in the output", between(0, len(output)))
    if any(isinstance(item, exp.Query | exp.DML | exp.DDL) for item in statements):
        return Parsed("valid_loosely", "It is SQL")
    if any(isinstance(item, exp.Command | exp.Drop | exp.Alter) for item in statements):
        return Parsed("valid_loosely", "A statement that is passed on unread")
    return Parsed("invalid", "No statement, only words", between(0, len(output)))


def _depth(text: str) -> int:
    depth = most = 0
    for character in text:
        if character == "(":
            depth += 1
            most = max(most, depth)
        elif character == ")":
            depth -= 1
    return most
