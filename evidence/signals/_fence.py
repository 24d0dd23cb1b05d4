"""Code fences (```) around an output or in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.signals._parsed import Parsed, between

FENCE = re.compile(
    r"(?:^|\n)[ \t]*(```|~~~)[ \t]*([\w+#.-]*)[^\n`]*\n(.*?)(?:\n?[ \t]*\1|\Z)", re.DOTALL
)
MAX_FENCES = 50


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block: the language it names, its text, and where block and text stand."""

    language: str
    text: str
    start: int
    """Where the text begins in the output."""
    block: tuple[int, int]
    closed: bool


def fences(output: str) -> tuple[Fenced, ...]:
    """The fenced blocks of an output, at most ``MAX_FENCES``."""
    if "```" not in output and "~~~" not in output:
        return ()
    found = zip(range(MAX_FENCES), FENCE.finditer(output), strict=False)
    return tuple(
        Fenced(
            language=item[2].lower(),
            text=item[3],
            start=item.start(3),
            block=item.span(),
            closed=item[0].rstrip().endswith(item[1]) and item.end() > item.end(3),
        )
        for _, item in found
    )


def alone(output: str, block: Fenced) -> bool:
    """Whether there is nothing but the block in the output."""
    return not output[: block.block[0]].strip() and not output[block.block[1] :].strip("`~ \t\r\n")


def in_fence(output: str, block: Fenced, what: str) -> Parsed:
    """The verdict on something valid that stands in a fence."""
    end = block.start + len(block.text)
    spans = (*between(0, block.start), *between(end, len(output)))
    if alone(output, block):
        return Parsed("fenced", f"{what} inside a code fence", spans)
    return Parsed("wrapped", f"{what} in a code fence, with text around it", spans)
