"""Bad input in words: one line for each thing that is wrong."""

from __future__ import annotations

import sys

import click

from app.errors import Conflict, Invalid, NotFound


class BadInput(Exception):
    """Input that cannot be used. Each line says what, where, and what to do."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


def lines_of(error: Exception) -> list[str] | None:
    """The lines to print for an error of the input; None where the program itself is at fault."""
    match error:
        case BadInput():
            return list(error.lines)
        case click.ClickException():
            return [_usage(error)]
        case Invalid():
            return [f"{item.where}: {item.message}" for item in error.problems]
        case NotFound() | Conflict():
            return [str(error)]
        case OSError(filename=str(name)):
            return [f"{name}: {error.strerror}"]
    return _advisor_lines(error) or _log_lines(error) or _database_lines(error)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    if context and isinstance(error, click.exceptions.NoArgsIsHelpError):
        return str(context.get_help())
    message = " ".join(error.format_message().split())
    if context is None:
        return message
    return f"{context.command_path}: {message} (see {context.command_path} --help)"


def _advisor_lines(error: Exception) -> list[str] | None:
    """Lines of the advisor's own errors; it is imported already if one of them was raised."""
    if "advisor_rules.safe_yaml" not in sys.modules:
        return None
    from advisor_rules import InvalidFacts, InvalidFile

    if isinstance(error, InvalidFile):
        return [str(problem) for problem in error.problems]
    if isinstance(error, InvalidFacts):
        return [f"{problem.fact}: {problem.message}" for problem in error.problems]
    return None


def _log_lines(error: Exception) -> list[str] | None:
    if "evidence.reading.shapes" not in sys.modules:
        return None
    from evidence.reading import LogUnreadable

    return list(error.problems) if isinstance(error, LogUnreadable) else None


def _database_lines(error: Exception) -> list[str] | None:
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import OperationalError

    if isinstance(error, OperationalError):
        said = " ".join(str(error.orig).split())
        return [f"database: {said} (FORMFACT_DATABASE_URL or FORMFACT_DATA_DIR says where it is)"]
    return None
