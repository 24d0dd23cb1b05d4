"""From tokens to text: characters that are whole, and nothing of what stops it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class StopFilter:
    """Lets text through up to the first of the stop strings, and holds back what may begin one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = tuple(stop for stop in stops if stop)
        self.held = ""
        self.found = False

    def feed(self, text: str) -> str:
        """The text that is certain by now; after the stop there is none."""
        if self.found:
            return ""
        self.held += text
        places = [place for stop in self.stops if (place := self.held.find(stop)) >= 0]
        if places:
            self.found = True
            return self._let(min(places))
        return self._let(len(self.held) - self._doubtful())

    def rest(self) -> str:
        """What was held back and began no stop after all."""
        return "" if self.found else self._let(len(self.held))

    def _let(self, size: int) -> str:
        text, self.held = self.held[:size], self.held[size:]
        return text

    def _doubtful(self) -> int:
        """The length of the longest end of what is held that begins a stop."""
        longest = max((len(stop) for stop in self.stops), default=1) - 1
        for size in range(min(longest, len(self.held)), 0, -1):
            if any(stop.startswith(self.held[-size:]) for stop in self.stops):
                return size
        return 0


class Speller:
    """The text of tokens as they come; parts of a character wait for the others."""

    def __init__(self, tokenizer: Any) -> None:
        from tokenizers.decoders import DecodeStream

        self.tokenizer = tokenizer
        self.stream = DecodeStream(skip_special_tokens=True)
        self.tokens: list[int] = []
        self.written = ""

    def spell(self, token: int) -> str:
        """The characters that this token completes."""
        self.tokens.append(token)
        text = self.stream.step(self.tokenizer.backend_tokenizer, token) or ""
        self.written += text
        return text

    def rest(self) -> str:
        """What is left of a character that never was completed."""
        whole: str = self.tokenizer.decode(self.tokens, skip_special_tokens=True)
        return whole[len(self.written) :] if whole.startswith(self.written) else ""
