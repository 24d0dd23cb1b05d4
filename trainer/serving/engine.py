"""The loop of the model server: takes requests in, continues all of them step by step.

All rows of one base go on in one batch, whatever adapter each of them has (PEFT picks it row by
row); new requests join a running batch after their prompt was read. What cannot share a batch takes
turns.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

from trainer.serving.choosing import Choice, choose
from trainer.serving.labels import answers, is_head
from trainer.serving.lane import Batch
from trainer.serving.protocol import (
    Alternative,
    Ask,
    Cancel,
    Chance,
    Done,
    Ended,
    Piece,
    Refused,
)
from trainer.serving.shelf import BASE, Adapter, Base, CannotServe, NoRoomYet, Shelf
from trainer.serving.wording import Speller, StopFilter

if TYPE_CHECKING:
    import torch

MOST_ROWS = 32
"""Rows that are continued at once."""
MOST_WAITING = 256
"""Requests that wait at most; one more is refused as ``busy``."""
PROMPT_TOKENS = 8_192
"""Padded tokens of prompts that are read in one pass, unless one prompt alone has more."""
BROKEN_CHARACTER = "\ufffd"
Answer = Piece | Ended | Done | Refused


@dataclass(eq=False)
class Job:
    """A request at work."""

    ask: Ask
    prompt: list[int]
    left: int
    """Choices that are not complete."""
    written: int = 0


@dataclass(eq=False)
class Row:
    """One choice of a request."""

    job: Job
    index: int
    base: Base
    adapter: Adapter | None
    speller: Speller
    stop: StopFilter
    generator: Any
    most: int
    seen: Counter[int] = field(default_factory=Counter)
    pending: list[Chance] = field(default_factory=list)
    over: bool = False

    @property
    def lane(self) -> tuple[int, str]:
        """Rows with the same may share a batch."""
        alone = self.adapter.name if self.adapter and self.adapter.alone else ""
        return id(self.base), alone


@dataclass(eq=False)
class Lane:
    """Rows in one batch."""

    rows: list[Row]
    batch: Batch
    key: tuple[int, str]
    """What its rows have in common."""


class Engine:
    """Answers requests from ``inbox`` by ``say`` until None comes, or nothing for ``idle`` s."""

    def __init__(
        self,
        inbox: Queue[Ask | Cancel | None],
        say: Callable[[Answer], None],
        shelf: Shelf,
        idle: float | None = None,
    ) -> None:
        self.inbox, self.say, self.shelf, self.idle = inbox, say, shelf, idle
        self.waiting: deque[Ask] = deque()
        self.lanes: list[Lane] = []

    def run(self) -> None:
        """Work until there is nothing more to do."""
        while self._listen():
            self._admit()
            for lane in tuple(self.lanes):
                self._advance(lane)

    # --- taking in ----------------------------------------------------------------------------

    def _listen(self) -> bool:
        """Take what has come; waits where there is nothing to do. False at the end."""
        busy, heard = bool(self.lanes or self.waiting), False
        try:
            order = self.inbox.get(block=not busy, timeout=None if busy else self.idle)
            while order is not None:
                heard = True
                self._take(order)
                order = self.inbox.get_nowait()
        except Empty:
            return busy or heard
        return False

    def _take(self, order: Ask | Cancel) -> None:
        if isinstance(order, Cancel):
            self._cancel(order.id)
        elif len(self.waiting) >= MOST_WAITING:
            words = f"{MOST_WAITING} requests wait already. Try again in a while."
            self.say(Refused(id=order.id, code="busy", words=words))
        else:
            self.waiting.append(order)

    def _cancel(self, name: str) -> None:
        self.waiting = deque(ask for ask in self.waiting if ask.id != name)
        for lane in tuple(self.lanes):
            for row in lane.rows:
                row.over = row.over or row.job.ask.id == name
            self._clear(lane)

    def _admit(self) -> None:
        """Begin with requests in the order in which they came, while there is room for them."""
        fresh: list[Row] = []
        while self.waiting:
            ask = self.waiting[0]
            busy = sum(len(lane.rows) for lane in self.lanes) + len(fresh)
            if busy and busy + ask.choices > MOST_ROWS:
                break
            try:
                fresh += self._label(ask) if is_head(ask.adapter) else self._rows(ask)
            except NoRoomYet as error:
                if busy:
                    break
                self.say(Refused(id=ask.id, code="out_of_memory", words=str(error)))
            except CannotServe as error:
                self.say(Refused(id=ask.id, code=error.code, words=error.words))
            self.waiting.popleft()
        for group in _groups(fresh):
            self._begin(group)

    def _label(self, ask: Ask) -> list[Row]:
        """Answer at once what a classifier is asked; no row is left to be continued."""
        try:
            told = answers(self.shelf.head(ask), ask)
        except RuntimeError as error:
            raise CannotServe("failed", str(error)[:300]) from error
        for answer in told:
            self.say(answer)
        return []

    def _rows(self, ask: Ask) -> list[Row]:
        base, adapter = self.shelf.base(ask)
        prompt = _prompt(base, ask)
        room = base.context - len(prompt)
        if room < 1:
            words = f"The messages have {len(prompt):,} tokens; the model reads {base.context:,}."
            raise CannotServe("too_long", words)
        most = min(room, ask.most_tokens or room)
        job = Job(ask, prompt, ask.choices)
        rows = [self._row(job, index, base, adapter, most) for index in range(ask.choices)]
        base.rows += len(rows)
        if adapter:
            adapter.rows += len(rows)
        return rows

    def _row(self, job: Job, index: int, base: Base, adapter: Adapter | None, most: int) -> Row:
        generator = _generator(job.ask, index, self.shelf.device.kind)
        speller, stop = Speller(base.tokenizer), StopFilter(job.ask.stop)
        return Row(job, index, base, adapter, speller, stop, generator, most)

    # --- going on -----------------------------------------------------------------------------

    def _begin(self, rows: list[Row]) -> None:
        """Read the prompts, choose the first tokens, and go on with the others of the lane."""
        base = rows[0].base
        pad = base.tokenizer.pad_token_id or 0
        lane = Lane(rows, Batch(base.model, [row.job.prompt for row in rows], pad), rows[0].lane)
        self.lanes.append(lane)
        self._advance(lane)
        others = [item for item in self.lanes if item is not lane and item.key == lane.key]
        if lane.rows and others and others[0].batch.joins(lane.batch):
            others[0].batch.join(lane.batch)
            others[0].rows += lane.rows
            self.lanes.remove(lane)

    def _advance(self, lane: Lane) -> None:
        """One token for every row of a lane."""
        if lane not in self.lanes:
            return
        try:
            logits = self._forward(lane)
            chosen = [
                choose(logits[place], row.job.ask, row.seen, row.generator)
                for place, row in enumerate(lane.rows)
            ]
        except (RuntimeError, ValueError) as error:  # as torch and PEFT say that they cannot
            self._give_up(lane, error)
            return
        for row, choice in zip(lane.rows, chosen, strict=True):
            self._write(row, choice)
        lane.batch.put([choice.token for choice in chosen])
        self._clear(lane)

    def _forward(self, lane: Lane) -> torch.Tensor:
        base = lane.rows[0].base
        lane.batch.model = base.model
        if not base.wrapped:
            return lane.batch.forward()
        alone = lane.key[1]
        if alone:
            base.model.set_adapter(alone)
            return lane.batch.forward()
        names = [row.adapter.name if row.adapter else BASE for row in lane.rows]
        if set(names) == {BASE}:
            with base.model.disable_adapter():
                return lane.batch.forward()
        return lane.batch.forward(adapter_names=names)

    def _write(self, row: Row, choice: Choice) -> None:
        """Tell what a token adds to the text, and whether the text is complete by it."""
        if choice.token in row.base.stops:
            self._end(row, "stop")
            return
        row.job.written += 1
        row.seen[choice.token] += 1
        if row.job.ask.chances:
            row.pending.append(_told(row.base.tokenizer, choice))
        self._tell(row, row.stop.feed(row.speller.spell(choice.token)))
        if row.stop.found:
            row.pending.clear()
            self._end(row, "stop")
        elif row.seen.total() >= row.most:
            self._end(row, "length")

    def _tell(self, row: Row, text: str) -> None:
        if not text:
            return
        chances, row.pending = tuple(row.pending), []
        self.say(Piece(id=row.job.ask.id, choice=row.index, text=text, chances=chances))

    def _end(self, row: Row, reason: Any) -> None:
        rest = row.stop.feed(row.speller.rest()) + row.stop.rest()
        self._tell(row, rest)
        row.over = True
        job = row.job
        job.left -= 1
        self.say(Ended(id=job.ask.id, choice=row.index, reason=reason))
        if not job.left:
            read, written = len(job.prompt), job.written
            self.say(Done(id=job.ask.id, prompt_tokens=read, completion_tokens=written))

    def _clear(self, lane: Lane) -> None:
        """Drop the rows that are over."""
        kept = [place for place, row in enumerate(lane.rows) if not row.over]
        if len(kept) == len(lane.rows):
            return
        for row in lane.rows:
            if row.over:
                _let_go(row)
        lane.rows = [lane.rows[place] for place in kept]
        if kept:
            lane.batch.keep(kept)
        else:
            self.lanes.remove(lane)

    def _give_up(self, lane: Lane, error: Exception) -> None:
        import torch

        full = isinstance(error, torch.OutOfMemoryError)
        words = "The device has not enough memory for this." if full else str(error)[:300]
        for name in dict.fromkeys(row.job.ask.id for row in lane.rows):
            code: Any = "out_of_memory" if full else "failed"
            self.say(Refused(id=name, code=code, words=words))
        for row in lane.rows:
            _let_go(row)
        self.lanes.remove(lane)
        if full:
            del lane.batch
            torch.cuda.empty_cache()


def _let_go(row: Row) -> None:
    row.base.rows -= 1
    if row.adapter:
        row.adapter.rows -= 1


def _groups(rows: list[Row]) -> list[list[Row]]:
    """Rows whose prompts are read in one pass."""
    groups: list[list[Row]] = []
    for row in rows:
        fitting = (group for group in groups if group[0].lane == row.lane and _fits(group, row))
        group = next(fitting, None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    return groups


def _fits(group: list[Row], row: Row) -> bool:
    longest = max(len(item.job.prompt) for item in (*group, row))
    return longest * (len(group) + 1) <= PROMPT_TOKENS


def _prompt(base: Base, ask: Ask) -> list[int]:
    """The tokens of the chat, by the model's own template. Raises CannotServe."""
    from jinja2 import TemplateError

    try:
        text = base.tokenizer.apply_chat_template(
            ask.messages, tools=ask.tools, add_generation_prompt=True, tokenize=False
        )
        tokens: list[int] = base.tokenizer.encode(text, add_special_tokens=False, verbose=False)
    except (TemplateError, ValueError, TypeError, KeyError) as error:
        why = " ".join(str(error).split())[:300]
        words = f"The chat template of the model cannot render these messages: {why}"
        raise CannotServe("bad_request", words) from error
    if not tokens:
        raise CannotServe("bad_request", "The messages render to nothing.")
    return tokens


def _generator(ask: Ask, index: int, device: str) -> Any:
    import torch

    if ask.seed is None:
        return None
    return torch.Generator(device).manual_seed((ask.seed + index) % (1 << 63))


def _told(tokenizer: Any, choice: Choice) -> Chance:
    text = tokenizer.decode([choice.token])
    top = tuple(
        Alternative(text=said, chance=chance, whole=BROKEN_CHARACTER not in said)
        for said, chance in ((tokenizer.decode([token]), chance) for token, chance in choice.top)
    )
    return Chance(text=text, chance=choice.chance, whole=BROKEN_CHARACTER not in text, top=top)
