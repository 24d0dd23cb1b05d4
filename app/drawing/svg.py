"""A few helpers to build SVG elements; the text in them is escaped by the XML library."""

from __future__ import annotations

import textwrap
from xml.etree import ElementTree

from markupsafe import Markup

Element = ElementTree.Element

NAMESPACE = "http://www.w3.org/2000/svg"


def add(parent: Element, tag: str, text: str = "", /, **attributes: object) -> Element:
    """Append an element; ``stroke_width=2`` becomes ``stroke-width="2"``."""
    element = ElementTree.SubElement(parent, tag, _plain(attributes))
    if text:
        element.text = printable(text)
    return element


def drawing(name: str, width: float, height: float, title: str, description: str) -> Element:
    """An empty picture with a title and a description that assistive technology reads."""
    root = Element(
        "svg",
        _plain(
            {
                "xmlns": NAMESPACE,
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": width,
                "height": height,
                "class_": f"drawing drawing-{name}",
                "role": "img",
                "aria_labelledby": f"{name}-title {name}-description",
                "fill": "currentColor",
                "font_family": "system-ui, sans-serif",
            }
        ),
    )
    add(root, "title", title, id=f"{name}-title")
    add(root, "desc", description, id=f"{name}-description")
    return root


def text_of(root: Element) -> Markup:
    """The picture as markup that can stand inside an HTML page."""
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  # escaped there


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """The text in at most ``lines`` lines of about ``width`` characters, cut with an ellipsis."""
    return textwrap.wrap(printable(text), width, max_lines=lines, placeholder=" …")


def printable(text: str) -> str:
    """The text without the control characters that XML forbids."""
    return "".join(char for char in text if char in "\t\n" or _allowed(ord(char)))


def _allowed(code: int) -> bool:
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _plain(attributes: dict[str, object]) -> dict[str, str]:
    return {
        name.rstrip("_").replace("_", "-") if name != "viewBox" else name: (
            f"{value:g}" if isinstance(value, float) else str(value)
        )
        for name, value in attributes.items()
    }
