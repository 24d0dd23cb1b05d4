"""HTML: errors of an HTML5 parser, and elements that are never closed.

A browser shows almost anything, so a clean result proves little, and an error is no proof that the
page looks wrong.
"""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from justhtml import JustHTML

from evidence.signals._fence import fences, in_fence
from evidence.signals._parsed import Parsed, Verdict, at, between, place_of

LIMIT = 50_000
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}
    | {"track", "wbr", "param"}
)
OPTIONAL_END = frozenset(
    {"html", "head", "body", "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th"}
    | {"thead", "tbody", "tfoot", "colgroup", "caption", "rp", "rt"}
)
HARMLESS = ("doctype", "self-closing", "non-void", "character-reference", "duplicate-attribute")


def read_html(output: str) -> Parsed | None:
    """What parsing an output as HTML comes to; None where it is too long to look at."""
    if len(output) > LIMIT:
        return None
    if (blocks := fences(output)) and "<" in blocks[0].text:
        # people who ask for a page take it out of its fence as often as not
        return replace(in_fence(output, blocks[0], "HTML"), verdict="suspect")
    elements = _Elements()
    elements.feed(output)
    if not elements.seen:
        return Parsed("invalid", "There is no element in the output", between(0, len(output)))
    return _error(output) or _unclosed(output, elements) or Parsed("valid_loosely", "It is HTML")


def _error(output: str) -> Parsed | None:
    text = output.lstrip()
    whole = text[:9].lower() == "<!doctype" or text[:5].lower() == "<html"
    parsed = JustHTML(output, collect_errors=True, max_errors=20, fragment=not whole)
    for error in parsed.errors:
        if not any(word in error.code for word in HARMLESS):
            place = place_of(output, error.line or 1, error.column or 1)
            verdict: Verdict = "cut_off" if error.code.startswith("eof") else "suspect"
            said = f"HTML5: {error.code.replace('-', ' ')}"
            return Parsed(verdict, said, at(place, output))
    return None


def _unclosed(output: str, elements: _Elements) -> Parsed | None:
    left = elements.crossed or elements.open
    if not left:
        return None
    name, line, column = left[-1]
    place = place_of(output, line, column + 1)
    return Parsed("suspect", f"<{name}> is never closed", at(place, output, len(name) + 2))


class _Elements(HTMLParser):
    """The elements that were opened and not closed, innermost last."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = 0
        self.open: list[tuple[str, int, int]] = []
        self.crossed: list[tuple[str, int, int]] = []
        """Elements that were still open when one around them was closed."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element that needs an end."""
        self.seen += 1
        if tag not in VOID and tag not in OPTIONAL_END:
            self.open.append((tag, *self.getpos()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that closes itself, as in SVG."""
        self.seen += 1

    def handle_endtag(self, tag: str) -> None:
        """Forget the innermost element of this name and what is open in it."""
        for place in range(len(self.open) - 1, max(-1, len(self.open) - 50), -1):
            if self.open[place][0] == tag:
                self.crossed += self.open[place + 1 : place + 2]
                del self.open[place:]
                return
