"""Pages of the rulebook in Markdown (MyST, for Sphinx): one for each entry, linked both ways.

The same rulebook always gives the same pages, byte for byte.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from advisor_rules.derive import DERIVATIONS
from advisor_rules.model import Fact
from advisor_rules.rulebook import Rulebook
from app import words
from app.backlinks import backlinks, thresholds_of
from app.report import markdown_environment
from app.rule_graphs import overview, step_graph

MARKER = ".made-by-formfact"
KINDS = {
    "steps": "Steps",
    "rules": "Rules",
    "record_rules": "Rules on failure records",
    "facts": "Facts",
    "signals": "Signals of failure records",
    "subtypes": "Kinds of failure",
    "thresholds": "Thresholds",
    "sources": "Sources",
    "conflicts": "Where sources disagree",
}

INDEX = {"record_rules": "rules"}
PAGE = {"record_rules": "rule", "signals": "fact"}
"""Kinds whose index or pages are written like those of another kind."""


class NotOurs(Exception):
    """The folder holds something that these pages must not replace."""


def write_pages(book: Rulebook, out: Path, as_of: date | None = None) -> int:
    """Write all pages into a folder and return their number; older pages there are replaced.

    Raises NotOurs where the folder holds other files, OSError where it cannot be written; then
    nothing has changed.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise NotOurs(f"{out}: holds files that are no rule pages; name an empty or new folder")
    pages = rule_pages(book, as_of)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        fresh = Path(folder) / "new"
        for name, text in {**pages, MARKER: "Written by formfact rules docs.\n"}.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        if out.exists():
            out.rename(Path(folder) / "old")
        shutil.move(fresh, out)
    return len(pages)


def rule_pages(book: Rulebook, as_of: date | None = None) -> dict[str, str]:
    """Every page and picture by its path in the folder."""
    render = _renderer(book, as_of or book.latest())
    pages = {"index.md": render("index"), "overview.svg": str(overview(book)) + "\n"}
    links = backlinks(book)
    for kind in KINDS:
        entries: Mapping[str, Any] = getattr(book, kind)
        pages[f"{kind}/index.md"] = render(INDEX.get(kind, kind), entries=list(entries.values()))
        for name, entry in entries.items():
            pages[f"{kind}/{name}.md"] = render(PAGE.get(kind, kind.removesuffix("s")), entry=entry)
    for step in book.steps:
        pages[f"steps/{step}.svg"] = str(step_graph(book, links, step)) + "\n"
    return pages


def _renderer(book: Rulebook, as_of: date) -> Callable[..., str]:
    environment = markdown_environment()
    context = {
        "book": book,
        "as_of": as_of,
        "kinds": KINDS,
        "links": backlinks(book),
        "limits": book.limits(as_of),
        **_helpers(book, as_of),
    }

    def render(template: str, **more: object) -> str:
        page = environment.get_template(f"rulebook/{template}.md.j2")
        return page.render(**context, **more)

    return render


def _helpers(book: Rulebook, as_of: date) -> dict[str, Any]:
    """What templates ask in their own words."""
    limits = book.limits(as_of)
    clauses = {
        name: words.condition_clause(condition, book, limits)
        for name, condition in book.conditions.items()
    }
    asked = {
        name: words.condition_clause(condition, book, limits)
        for name, condition in book.ask_conditions.items()
    }
    return {
        "clauses": clauses,
        "asked": asked,
        "clause_line": words.clause_line,
        "effects": words.EFFECTS,
        "reading": words.READING,
        "value_words": lambda name, value: words.value_words(book.fact(name), value),
        "limit_words": lambda item: words.limit_words(item, limits),
        "number_words": words.number_words,
        "thresholds_of": lambda rule: thresholds_of(book, rule),
        "judged_words": lambda rule: words.judged_words(rule.gives, book),
        "target_title": lambda name: words.target_title(book, name),
        "derivation": _derivation,
        "type_words": _type_words,
    }


def _derivation(name: str) -> tuple[tuple[str, ...], str] | None:
    """Facts that a derived fact is made from, and how in words."""
    for item in DERIVATIONS:
        if item.fact == name:
            text = (item.make.__doc__ or "").strip().partition("\n\n")
            return item.inputs, " ".join(text[0].replace("``", "").split())
    return None


def _type_words(fact: Fact) -> str:
    if fact.type == "bool":
        return "yes or no"
    if fact.type == "choice":
        return "one of a list"
    kind = "whole number" if fact.type == "int" else "number"
    low, high = fact.minimum, fact.maximum
    bounds = f", from {low:,.15g}" if low is not None else ""
    return f"{kind} ({fact.unit}){bounds}{f' to {high:,.15g}' if high is not None else ''}"
