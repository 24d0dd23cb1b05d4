"""Text inside Markdown: escaped so that it is shown as it was typed and does nothing."""

from __future__ import annotations

import re
from urllib.parse import quote

from markupsafe import Markup

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINE_START = re.compile(r"^(?:[#=:%-]|\+(?=\s|$)|\d+(?=[.)](?:\s|$)))")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto)(:)|\b(www)(\.)")


def escaped(value: object) -> Markup:
    """A value as one line of Markdown text; markup that is already safe is left alone."""
    if isinstance(value, Markup):
        return value
    text = " ".join(str(value).split())
    text = _SPECIAL.sub(r"\\\1", text)
    text = "".join(_ENTITIES.get(char, char) for char in text)
    text = _LINE_START.sub(_defused, text)
    # A bare address would become a link of its own.
    return Markup(_LINK.sub(lambda found: found[0][:-1] + f"&#{ord(found[0][-1])};", text))  # noqa: S704


def as_code(value: object) -> Markup:
    """A value as a code span, with as many backticks as it needs."""
    text = " ".join(str(value).split()) or " "
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " * (text[0] == "`" or text[-1] == "`")
    return Markup(f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|"))  # noqa: S704


def as_url(name: object) -> Markup:
    """An id as part of a link's target."""
    return Markup(quote(str(name), safe=""))  # noqa: S704


def spaces(_: object, depth: int) -> Markup:
    """The indentation of a nested list."""
    return Markup("  " * depth)  # noqa: S704


def indented(text: str) -> Markup:
    """A text as an indented code block; it can hold anything."""
    return Markup("\n".join(f"    {line}".rstrip() for line in text.splitlines()))  # noqa: S704


def _defused(found: re.Match[str]) -> str:
    start = found[0]
    return f"&#{ord(start[0])};{start[1:]}"
