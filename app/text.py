"""Text that people type: tidied, and refused where it cannot be shown or stored."""

from __future__ import annotations

import unicodedata

LINE_BREAKS = "\n\t"
INVISIBLE = ("Cc", "Cs", "Co", "Cn")
"""Unicode categories that no text needs: control characters, surrogates, private, unassigned."""
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of the text around them, and so can disguise it."""


def tidy(text: str) -> str:
    """The text in one Unicode form, with plain line breaks and no space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def text_problem(text: str, longest: int, *, lines: bool = False) -> str | None:
    """What is wrong with a text, or None: too long, or characters that cannot be shown.

    ``longest`` is in characters; ``lines`` allows line breaks and tabs.
    """
    if len(text) > longest:
        return f"must be at most {longest:,} characters, and has {len(text):,}"
    allowed = LINE_BREAKS if lines else ""
    for character in text:
        if character not in allowed and _unprintable(character):
            return f"must not hold the control character U+{ord(character):04X}"
    return None


def _unprintable(character: str) -> bool:
    return character in BIDI_CONTROLS or unicodedata.category(character) in INVISIBLE
