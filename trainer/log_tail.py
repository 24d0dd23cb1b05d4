"""The end of a log, without what looks like a secret."""

from __future__ import annotations

import os
import re
from pathlib import Path

LENGTH = 4000
"""Bytes of the end that are shown."""
HIDDEN = "[hidden]"
_SHAPES = re.compile(
    r"hf_[A-Za-z0-9]{10,}|sk-[A-Za-z0-9_-]{10,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}"
    r"|xox[abpr]-[A-Za-z0-9-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"
)
_SAID = re.compile(
    r"(?i)((?:bearer|basic|authorization|api[_-]?key|token|secret|password|passwd)"
    r"['\"]?\s*[:= ]\s*['\"]?(?:(?:bearer|basic)\s+)?)([^\s'\",;]{6,})"
)
_IN_URL = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
_NAMES = re.compile(r"(?i)token|secret|passw|api_?key|credential")


def log_tail(path: Path) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LENGTH))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return without_secrets(text).strip()


def without_secrets(text: str) -> str:
    """The text with secrets hidden: known shapes, what is named as one, and the environment's."""
    for name, value in os.environ.items():
        if len(value) >= 6 and _NAMES.search(name):
            text = text.replace(value, HIDDEN)
    text = _SHAPES.sub(HIDDEN, text)
    text = _SAID.sub(rf"\1{HIDDEN}", text)
    return _IN_URL.sub(rf"\1{HIDDEN}@", text)
