"""Calls of tools in a model's text: ``<tool_call>{"name": ..., "arguments": ...}</tool_call>``.

That is how Hermes, Qwen, SmolLM and many others write them. What cannot be read stays text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from app.storage.models import new_id

BEGIN = "<tool_call>"
CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*(?:</tool_call>|\Z)", re.DOTALL)
Json = dict[str, Any]


@dataclass
class Calls:
    """A text as it comes: what is text goes through, and from the first call on all is held."""

    held: str = ""
    calling: bool = False

    def feed(self, text: str) -> str:
        """The text that is surely no call."""
        self.held += text
        place = self.held.find(BEGIN)
        if self.calling or place >= 0:
            free = "" if self.calling else self.held[:place]
            self.held = self.held[len(free) :]
            self.calling = True
            return free
        ends = range(min(len(BEGIN) - 1, len(self.held)), 0, -1)
        doubt = next((size for size in ends if BEGIN.startswith(self.held[-size:])), 0)
        free = self.held[: len(self.held) - doubt]
        self.held = self.held[len(free) :]
        return free

    def rest(self) -> tuple[str, list[Json]]:
        """The text that is left, and the calls."""
        calls = [call for match in CALL.finditer(self.held) if (call := _call(match[1]))]
        return ("" if calls else self.held), calls


def _call(text: str) -> Json | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        return None
    given = said.get("arguments", said.get("parameters", {}))
    arguments = given if isinstance(given, str) else json.dumps(given)
    return {
        "id": f"call_{new_id()}",
        "type": "function",
        "function": {"name": said["name"], "arguments": arguments},
    }
