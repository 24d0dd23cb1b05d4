"""A web page as text: headings, lists, tables and code in Markdown's marks, boilerplate dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from justhtml import JustHTML

BOILERPLATE = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "head"}
    | {"nav", "footer", "aside", "form", "button", "select", "input", "textarea", "dialog", "menu"}
)
"""Elements that are not what the page is about; ``form`` is kept where nothing else holds text."""
CODE_ONLY = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe"})
HIDDEN_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
MAIN_CHARS = 200
"""With less text than this in its main part, the whole page is read."""

_HEADING = re.compile(r"h[1-6]")
_BLOCK = frozenset(
    {"address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt"}
    | {
        "fieldset",
        "figcaption",
        "figure",
        "header",
        "hgroup",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
    }
    | {"section", "summary", "table", "tbody", "thead", "tfoot", "caption", "tr", "ul"}
    | {"form", "nav", "footer", "aside"}
)
_LONG_TICKS = re.compile("`{3,}")

Events = Iterator[tuple[Any, bool]]


def page_text(markup: str, *, fragment: bool = False) -> tuple[str, str]:
    """The title of a page ('' where there is none) and its text."""
    # What is read is never shown as HTML, so nothing needs to be made harmless.
    page = JustHTML(markup, sanitize=False, fragment=fragment)
    title = _words(_first(page, markup, "title")) or _words(_first(page, markup, "h1"))
    main = _first(page, markup, "main") or _main_by_role(page, markup)
    if main is not None and len(text := written(main, BOILERPLATE)) >= MAIN_CHARS:
        return title, text
    return title, written(page.root, BOILERPLATE) or written(page.root, CODE_ONLY)


def _first(page: JustHTML, markup: str, name: str) -> Any:
    # A search goes over the whole page, which takes as long as a third of parsing it.
    found = re.search(f"<{name}[\\s>/]", markup, re.IGNORECASE)
    return page.query_one(name) if found else None


def _main_by_role(page: JustHTML, markup: str) -> Any:
    return page.query_one('[role="main"]') if "role" in markup and "main" in markup else None


def _words(node: Any) -> str:
    return " ".join(written(node, CODE_ONLY).lstrip("# ").split())[:300] if node is not None else ""


def written(node: Any, without: frozenset[str]) -> str:
    """The text below an element, without elements of those names and hidden ones."""
    writer = _Writer()
    for part, opens in _walk(node, without):
        name = part.name
        if name == "#text":
            writer.add(part.data or "")
        elif opens:
            writer.open(name, part)
        else:
            writer.close(name)
    return writer.text()


def _walk(root: Any, without: frozenset[str]) -> Events:
    """Every node below, when it opens and when it closes; without recursion, as pages nest deep."""
    stack: list[tuple[Any, bool]] = [(root, True)]
    while stack:
        node, opens = stack.pop()
        yield node, opens
        if opens and node.name not in ("#text", "#comment"):
            stack.append((node, False))
            inner = [one for one in node.children or () if not _is_dropped(one, without)]
            stack.extend((one, True) for one in reversed(inner))


def _is_dropped(node: Any, without: frozenset[str]) -> bool:
    if node.name in without or node.name in ("#comment", "!doctype"):
        return True
    given = getattr(node, "attrs", None)
    if not given or without is CODE_ONLY:
        return False
    hidden = "hidden" in given or given.get("aria-hidden") == "true"
    return hidden or given.get("role") in HIDDEN_ROLES


class _Writer:
    """Text put together from what opens and closes."""

    def __init__(self) -> None:
        self._done: list[tuple[str, str]] = []
        self._line: list[str] = []
        self._mark = ""
        self._kind = "text"
        self._pre = 0
        self._tables: list[bool] = []
        """Of every table around: whether it holds data, or only lays the page out."""
        self._cells: list[str] = []

    @property
    def _in_data(self) -> bool:
        return bool(self._tables) and self._tables[-1]

    def add(self, text: str) -> None:
        """Take text in."""
        self._line.append(text)

    def open(self, name: str, node: Any) -> None:
        """An element begins."""
        if name == "br":
            self._line.append("\n" if self._pre else " " if self._in_data else "\0")
        elif name == "table":
            self._flush()
            self._tables.append(_holds_data(node))
        elif name == "pre" and not self._in_data:
            self._flush()
            self._pre += 1
        elif self._in_data:
            self._line.append(" " if name in _BLOCK else "")
        elif _HEADING.fullmatch(name):
            self._flush()
            self._mark = "#" * int(name[1]) + " "
        elif name in _BLOCK or name in ("td", "th"):
            self._flush()
            if name == "li":
                self._mark, self._kind = "- ", "item"

    def close(self, name: str) -> None:
        """An element ends."""
        if name == "table":
            self._flush_row()
            self._flush()
            self._tables = self._tables[:-1]
        elif self._in_data:
            self._close_in_data(name)
        elif name == "pre":
            self._flush()
            self._pre = max(0, self._pre - 1)
        elif name in _BLOCK or name in ("td", "th") or _HEADING.fullmatch(name):
            self._flush()
            self._mark, self._kind = "", "text"

    def text(self) -> str:
        """All of it."""
        self._flush_row()
        self._flush()
        out: list[str] = []
        before = ""
        for kind, block in self._done:
            joined = "\n" if kind == before and kind in ("item", "row") else "\n\n"
            out += (joined if out else "", block)
            before = kind
        return "".join(out)

    def _close_in_data(self, name: str) -> None:
        if name in ("td", "th"):
            self._cells.append(" ".join("".join(self._line).split()).replace("|", "\\|"))
            self._line = []
        elif name == "tr":
            self._flush_row()
        elif name == "caption":
            self._flush()
        elif name in _BLOCK:
            self._line.append(" ")

    def _flush_row(self) -> None:
        if any(self._cells):
            self._done.append(("row", f"| {' | '.join(self._cells)} |"))
        self._cells = []

    def _flush(self) -> None:
        text = "".join(self._line)
        self._line = []
        if self._pre:
            if text.strip():
                self._done.append(("code", _fenced(text.replace("\0", "\n"))))
            return
        lines = [" ".join(line.split()) for line in text.split("\0")]
        said = "\n".join(line for line in lines if line)
        if said:
            said = said.replace("\n", " ") if self._mark.startswith("#") else said
            self._done.append((self._kind, self._mark + said))
            self._mark, self._kind = "", "text"


def _fenced(code: str) -> str:
    longest = max((len(run) for run in _LONG_TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{code.strip(chr(10)).rstrip()}\n{fence}"


def _holds_data(table: Any) -> bool:
    """Whether a table is one of data: it holds no other table, heading or code."""
    stack = list(table.children or ())
    while stack:
        node = stack.pop()
        if node.name in ("table", "pre") or _HEADING.fullmatch(node.name):
            return False
        if node.name not in ("#text", "#comment"):
            stack.extend(node.children or ())
    return True
