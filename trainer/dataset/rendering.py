"""Rows as a model sees them: tokens under its chat template, and which of them are trained on.

This is the one place that decides what has loss. Training, the preflight and the page that shows
sample rows all come here. Trained are the words of the assistant and the token that ends its turn,
whatever the template; not the headers that every turn is given anyway, and no turn of ``weight`` 0.

The conversation is rendered up to each turn, opened for the assistant as when it is asked, and
then with the turn: what is added is what the model has to say. Templates that write earlier turns
otherwise than the last one (dropping their reasoning, say) do not grow like that; there a turn is
exchanged for one odd character, and what changes is that turn. Where a template marks the
assistant's words itself (``{% generation %}``), nothing outside its marks is trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Any

from trainer.contract import ShownRow, ShownToken
from trainer.dataset.rows import Message, Row

IGNORED = -100
"""The label of a token without loss, as PyTorch's cross entropy has it."""
_MARKS = re.compile(r"\{%-?\s*generation\s*-?%\}")
_ODD = "\ue0ff"
"""A character of the private use area; rows that hold it take another one."""

AT_ONCE = 256
"""Rows whose text is taken apart together, on all cores where the environment allows."""

Span = tuple[int, int]
"""Characters from (included) and to (excluded)."""


class Unrenderable(ValueError):
    """Why a row cannot be written as its model wants it, in words."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A row as tokens."""

    text: str
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    """Of each token, whether it has loss."""
    places: tuple[Span, ...]
    """Of each token, the characters of ``text`` that it stands for."""

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each token's text ends; what lies between two tokens belongs to the latter."""
        ends = tuple(accumulate((end for _, end in self.places), max))
        return (*ends[:-1], len(self.text)) if ends else ()

    def labels(self, longest: int | None = None) -> list[int]:
        """Ids of the first ``longest`` tokens, `IGNORED` where there is no loss."""
        pairs = zip(self.ids[:longest], self.trained, strict=False)
        return [one if trained else IGNORED for one, trained in pairs]

    def shown(self, row: int, file: str, longest: int | None = None, most: int = 600) -> ShownRow:
        """The row for people: the first ``most`` tokens with their text, and what is cut off."""
        kept = len(self.ids[:longest])
        ends = self.ends
        starts = (0, *ends)
        tokens = tuple(
            ShownToken(text=self.text[starts[place] : ends[place]], trained=trained)
            for place, trained in enumerate(self.trained[: min(kept, most)])
        )
        return ShownRow(row=row, file=file, tokens=tokens, cut=len(self.ids) - kept)


class Renderer:
    """Renders rows with one tokenizer and its chat template."""

    def __init__(self, tokenizer: Any) -> None:
        """Take a tokenizer of transformers; raises Unrenderable where it has no template."""
        if not getattr(tokenizer, "chat_template", None):
            raise Unrenderable(
                "the base model has no chat template: take its instruct version, or add one to "
                "the model's folder as chat_template.jinja"
            )
        self.tokenizer = tokenizer

    @cached_property
    def marked(self) -> bool:
        """Whether the template marks the assistant's words itself."""
        return bool(_MARKS.search(str(self.tokenizer.get_chat_template())))

    @cached_property
    def control(self) -> tuple[str, ...]:
        """Tokens that mean something to the model, such as the end of a turn."""
        known = self.tokenizer.added_tokens_decoder.values()
        return tuple(token.content for token in known if token.special and token.content.strip())

    def render(self, row: Row) -> Rendered:
        """The row as tokens with their mask; raises Unrenderable."""
        (made,) = self.render_all([row])
        if isinstance(made, Unrenderable):
            raise made
        return made

    def render_all(self, rows: Iterable[Row]) -> Iterator[Rendered | Unrenderable]:
        """Every row in order, one that cannot be rendered as the reason; a few at a time."""
        waiting: list[tuple[Row, str | Unrenderable]] = []
        for row in rows:
            waiting.append((row, self._written(row)))
            if len(waiting) == AT_ONCE:
                yield from self._rendered(waiting)
                waiting = []
        yield from self._rendered(waiting)

    def _written(self, row: Row) -> str | Unrenderable:
        try:
            return self.text(row.messages, row.tools)
        except Unrenderable as error:
            return error

    def _rendered(
        self, waiting: Sequence[tuple[Row, str | Unrenderable]]
    ) -> Iterator[Rendered | Unrenderable]:
        tokens = self._tokens([text for _, text in waiting if isinstance(text, str)])
        for row, text in waiting:
            if isinstance(text, Unrenderable):
                yield text
                continue
            try:
                yield self._masked(row, text, *next(tokens))
            except Unrenderable as error:
                yield error

    def _masked(self, row: Row, text: str, ids: list[int], places: list[Span]) -> Rendered:
        turns = [place for place in range(len(row.messages)) if row.trains(place)]
        trained = _within(places, [self._span(row, place, text) for place in turns])
        if self.marked:
            marks = self.marks(row)
            if len(marks) != len(trained):
                raise Unrenderable("the marks of the chat template do not fit its text")
            trained = [one and other for one, other in zip(trained, marks, strict=True)]
        return Rendered(text, tuple(ids), tuple(trained), tuple(places))

    def prompt(self, row: Row) -> str:
        """The text that the model is given to answer this row."""
        return self.text(row.prompt, row.tools, ask=True)

    def text(
        self, messages: Sequence[Message], tools: Sequence[Any] = (), *, ask: bool = False
    ) -> str:
        """The conversation under the template; with ``ask`` the assistant's turn is opened."""
        given = [_plain(item) for item in messages]
        try:
            made = self.tokenizer.apply_chat_template(
                given, tools=list(tools) or None, add_generation_prompt=ask, tokenize=False
            )
        except Exception as error:  # templates raise whatever their authors chose
            raise Unrenderable(f"the chat template refuses it: {str(error)[:300]}") from error
        return str(made)

    def _tokens(self, texts: list[str]) -> Iterator[tuple[list[int], list[Span]]]:
        """Of each text the ids, and the characters that each stands for."""
        if not texts:
            return
        if not self.tokenizer.is_fast:
            raise Unrenderable("the tokenizer of the base model cannot say where its tokens lie")
        made = self.tokenizer(
            texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        yield from zip(made["input_ids"], made["offset_mapping"], strict=True)

    def marks(self, row: Row) -> list[bool]:
        """Of each token, whether the template itself marks it as the assistant's."""
        made = self.tokenizer.apply_chat_template(
            [_plain(item) for item in row.messages],
            tools=list(row.tools) or None,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        return [bool(one) for one in made["assistant_masks"]]

    def _span(self, row: Row, place: int, full: str) -> Span:
        """The characters of one turn of the assistant: its words and what ends it."""
        start, end = self._grown(row, place, full) or self._changed(row, place, full)
        words = full[start:end].rstrip()
        # After the token that ends a turn nothing is ever generated, not even the line's end.
        if words.endswith(self.control):
            end = start + len(words)
        return start, end

    def _grown(self, row: Row, place: int, full: str) -> Span | None:
        """What a turn adds to the text before it, where the text does grow by turns."""
        if place == 0:
            return None
        try:
            before = self.text(row.messages[:place], row.tools, ask=True)
            last = place == len(row.messages) - 1
            after = full if last else self.text(row.messages[: place + 1], row.tools)
        except Unrenderable:
            return None
        grows = full.startswith(before) and full.startswith(after) and len(before) <= len(after)
        return (len(before), len(after)) if grows else None

    def _changed(self, row: Row, place: int, full: str) -> Span:
        """What changes in the text where a turn's words are exchanged, and the end of that turn."""
        odd = next(chr(code) for code in range(ord(_ODD), ord(_ODD) + 99) if chr(code) not in full)
        turn: Message = {"role": "assistant", "content": odd}
        before, after = row.messages[:place], row.messages[place + 1 :]
        other = self.text([*before, turn, *after], row.tools)
        if odd not in other:
            return 0, 0  # this template leaves the turn out: nothing of it can be trained on
        tail = other.rpartition(odd)[2]
        start = _shared(full, other)
        end = max(start, len(full) - _shared(full[::-1], tail[::-1]))
        try:
            alone = self.text([*before, turn], row.tools).rpartition(odd)[2]
        except Unrenderable:
            return start, end
        pairs = list(zip(self._pieces(full[end:]), self._pieces(alone), strict=False))
        common = sum(len(left) for left, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if not common and pairs and set(pairs[0]) <= set(self.control):
            common = len(pairs[0][0])  # the last turn of a conversation has an end of its own
        return start, end + common

    def _pieces(self, text: str) -> Iterator[str]:
        """Characters, and control tokens whole."""
        return (found[0] for found in self._piece.finditer(text))

    @cached_property
    def _piece(self) -> re.Pattern[str]:
        longest_first = sorted(self.control, key=len, reverse=True)
        return re.compile("|".join([*map(re.escape, longest_first), "."]), re.DOTALL)


def _plain(message: Message) -> Message:
    """The message without what templates know nothing of."""
    return {key: part for key, part in message.items() if key != "weight"}


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    shorter = min(len(one), len(other))
    return next((place for place, (left, right) in pairs if left != right), shorter)


def _within(places: list[Span], spans: list[Span]) -> list[bool]:
    """Of each token, whether it lies in one of the spans (in order), or reaches into one."""
    trained = [False] * len(places)
    first = 0
    for start, end in spans:
        while start < end and first < len(places) and places[first][1] <= start:
            first += 1
        place = first
        while place < len(places) and places[place][0] < end:
            trained[place] = start < end
            place += 1
    return trained
