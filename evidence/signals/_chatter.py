"""Talk around an answer: "Sure! Here you go:", "Based on the context,", "Hope this helps!".

Only set phrases that greet, announce or sign off are known here; they hold no answer themselves.
"""

from __future__ import annotations

import re

_SUBJECT = r"(?:passage|passages|context|text|document|documents|article|information|source|data)"
_OPENERS = (
    r"(?:sure|certainly|of course|absolutely|okay|ok|great question|no problem|got it)\b"
    r"[^\n:]{0,60}?[!.,](?=\s)",
    r"(?:here(?:'s|’s| is| are| you go)|below (?:is|are)|the following is|this is (?:the|your))\b"
    r"[^\n:]{0,100}:(?=\s)",
    r"(?:according to|based on|from|as stated in|given)\s+(?:only\s+)?(?:the|this|your)?\s*"
    r"(?:given |provided |above )?" + _SUBJECT + r"(?: provided| given| above)?\s*[,:]",
    r"(?:based on|according to|from)[^\n:]{0,60}?here (?:you go|it is|is[^\n:]{0,40})\s*:",
)
_CLOSERS = (
    r"let me know if\b[^\n]{0,200}",
    r"(?:i )?hope (?:this|that) helps\b[^\n]{0,100}",
    r"(?:please )?feel free to\b[^\n]{0,200}",
    r"(?:is there )?anything else\b[^\n]{0,100}",
    r"(?:if you (?:have|need)|do you (?:have|need|want))\b[^\n]{0,200}",
    r"(?:happy to|glad to) help\b[^\n]{0,100}",
)
_REMARKS = (
    r"(?:explanation|note|reasoning|disclaimer|rationale|justification|p\.?s\.?)\s*:[^\n]*",
)

OPENER = re.compile(r"\s*(?:" + "|".join(_OPENERS) + r")\s*", re.IGNORECASE)
CLOSER = re.compile(r"\s*(?:" + "|".join(_CLOSERS) + r")\s*\Z", re.IGNORECASE)
REMARK = re.compile(r"\s*(?:" + "|".join(_REMARKS) + r")\s*\Z", re.IGNORECASE)

MAX_OPENERS = 3
MAX_CLOSERS = 2
MAX_LINE = 600
"""A last line of more characters is no mere farewell."""
REMARK_WORDS = 40
"""An answer of more words may end in a note of its own; one of fewer is followed by a remark."""


def opening(text: str) -> int:
    """How many characters at the start are announcements; 0 where the text begins with its matter.

    A text that is nothing but an announcement keeps it.
    """
    end = 0
    for _ in range(MAX_OPENERS):
        found = OPENER.match(text, end)
        if found is None or found.end() == len(text):
            return end
        end = found.end()
    return end


def closing(text: str) -> int:
    """Where a farewell or remark begins at the end; the length of the text where there is none.

    Only whole lines at the end count, and a text of one line keeps it.
    """
    end = len(text)
    for _ in range(MAX_CLOSERS):
        matter = text[:end].rstrip() if text[end - 1 : end].isspace() else text[:end]
        line = matter.rfind("\n") + 1
        if not line or not _is_farewell(matter, line):
            return end
        end = line
    return end


def _is_farewell(text: str, line: int) -> bool:
    if len(text) - line > MAX_LINE:
        return False
    if CLOSER.match(text, line):
        return True
    return bool(REMARK.match(text, line)) and len(text[:line].split()) <= REMARK_WORDS


def without_chatter(text: str) -> str:
    """The text without announcements before it and farewells after it."""
    text = text[: closing(text)]
    return text[opening(text) :].strip()
