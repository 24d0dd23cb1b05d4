"""Small conversations, generated: copying, picking out, sorting, reckoning, plain answers.

They teach a tiny model to read its prompt and to end its turn. None asks for JSON or for a label:
strict formats are left for finetuning to teach.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from trainer.tiny.docstrings import docstrings

Pair = tuple[str, str]
MORE = 800
"""Of the library's words, how many stand in for names, for places and for things."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is talked about."""

    names: list[str]
    places: list[str]
    things: list[str]
    colours: list[str]
    days: list[str]
    months: list[str]
    verbs: list[str]
    counts: list[str]
    library: list[str]
    """Of Python's documentation: so many that none can be guessed, only copied."""


@cache
def words() -> Words:
    """The words of words.yaml, and some of the library's among them."""
    text = Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    found = {word for _, said in docstrings() for word in re.findall(r"[A-Za-z]{2,10}", said)}
    read = Words(**yaml.safe_load(text), library=sorted(found))
    draw = random.Random(len(read.library))  # noqa: S311  # play, no secret
    for some in (read.names, read.places):
        some.extend(word.capitalize() for word in draw.sample(read.library, MORE))
    read.things.extend(word.lower() for word in draw.sample(read.library, MORE))
    return read


def conversations(many: int, seed: int) -> Iterator[Pair]:
    """So many questions with their answers, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311  # play, no secret
    for _ in range(many):
        yield draw.choice(TASKS)(draw)


def _time(draw: random.Random) -> str:
    hour, minute = draw.randint(1, 12), draw.choice(("00", "15", "30", "45", "05", "20"))
    return draw.choice(
        (
            f"{hour}:{minute} {draw.choice(('am', 'pm'))}",
            f"{hour} {draw.choice(('am', 'pm'))}",
            draw.choice(("half past ", "quarter to ", "quarter past "))
            + draw.choice(words().counts),
            f"{hour} o'clock",
        )
    )


def _date(draw: random.Random) -> str:
    day, month = draw.randint(1, 28), draw.choice(words().months)
    return draw.choice(
        (
            draw.choice(words().days),
            f"{month} {day}",
            f"{day} {month}",
            f"next {draw.choice(words().days[:7])}",
        )
    )


def _people(draw: random.Random) -> str:
    count = draw.choice((str(draw.randint(1, 20)), draw.choice(words().counts)))
    return draw.choice((f"{count} people", f"{count} of us", f"{count} guests", count))


def _full_name(draw: random.Random) -> str:
    return f"{draw.choice(words().names)} {draw.choice(words().names)}"


def _booking(draw: random.Random) -> tuple[str, dict[str, str]]:
    """A wish in words, and the parts of it, word for word."""
    parts = {
        "thing": draw.choice(words().things),
        "date": _date(draw),
        "time": _time(draw),
        "people": _people(draw),
        "place": draw.choice(words().places),
        "name": _full_name(draw),
    }
    said = {
        "thing": f"I want to {draw.choice(words().verbs)} a {parts['thing']}",
        "date": draw.choice(("on ", "for ", "")) + parts["date"],
        "time": draw.choice(("at ", "around ", "for ")) + parts["time"],
        "people": f"for {parts['people']}",
        "place": f"in {parts['place']}",
        "name": draw.choice(("my name is ", "under the name ", "this is ")) + parts["name"],
    }
    kept = ["thing", *draw.sample(["date", "time", "people", "place", "name"], draw.randint(1, 3))]
    sentence = " ".join(said[one] for one in kept) + draw.choice((".", "", " please.", ", thanks."))
    return sentence, {one: parts[one] for one in kept}


def _pick(draw: random.Random) -> Pair:
    sentence, parts = _booking(draw)
    asked = draw.choice([*parts, draw.choice(("time", "place", "name", "date", "people"))])
    question = draw.choice((f"Which {asked}?", f"Say the {asked}.", f"What is the {asked} here?"))
    answer = parts.get(asked, f"No {asked} is given.")
    if draw.random() < 0.5:
        return f"{question}\n{sentence}", answer
    return f"{sentence}\n{question}", answer


def _list_parts(draw: random.Random) -> Pair:
    sentence, parts = _booking(draw)
    order = sorted(parts)
    return f"List the parts.\n{sentence}", "\n".join(f"{one}: {parts[one]}" for one in order)


def _any_word(draw: random.Random) -> str:
    """A word, a dotted name, letters at random, or a number."""
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(words().library)
    if kind < 0.65:
        return ".".join(draw.choices(words().library, k=draw.randint(2, 3))).lower()
    if kind < 0.85:
        letters = draw.choices(string.ascii_lowercase + string.digits, k=draw.randint(2, 5))
        return "".join(letters)
    return str(draw.randint(0, 9999))


def _copy(draw: random.Random) -> Pair:
    text = " ".join(_any_word(draw) for _ in range(draw.randint(1, 12)))
    return draw.choice(("Repeat: ", "Say again: ", "Copy this.\n")) + text, text


def _repeat(draw: random.Random) -> Pair:
    text = _booking(draw)[0]
    return draw.choice(("Repeat: ", "Say again: ", "Copy this.\n")) + text, text


def _quote(draw: random.Random) -> Pair:
    row = [_any_word(draw) for _ in range(draw.randint(1, 4))]
    return f"Put in quotes: {' '.join(row)}", ", ".join(f'"{one}"' for one in row)


def _word_at(draw: random.Random) -> Pair:
    row = draw.sample(words().things + words().colours + words().places, draw.randint(3, 6))
    first = draw.random() < 0.5
    asked = f"{'First' if first else 'Last'} word: {' '.join(row)}"
    return asked, row[0] if first else row[-1]


def _after(draw: random.Random) -> Pair:
    row = draw.sample(
        words().things + words().colours + words().places + words().names, draw.randint(4, 8)
    )
    place = draw.randrange(len(row) - 1)
    return f"What follows {row[place]}? {' '.join(row)}", row[place + 1]


def _colour(draw: random.Random) -> Pair:
    owners = draw.sample(words().names, 3)
    colours = draw.sample(words().colours, 3)
    things = draw.sample(words().things, 3)
    owned = zip(owners, colours, things, strict=True)
    told = " ".join(f"{who} has a {colour} {thing}." for who, colour, thing in owned)
    place = draw.randrange(3)
    if draw.random() < 0.5:
        return f"{told} What does {owners[place]} have?", f"A {colours[place]} {things[place]}."
    return f"{told} Who has the {things[place]}?", f"{owners[place]}."


def _shout(draw: random.Random) -> Pair:
    word = draw.choice(words().things + words().places + words().names)
    return f"In capitals: {word}", word.upper()


def _sum(draw: random.Random) -> Pair:
    one, other = draw.randint(0, 20), draw.randint(0, 20)
    return f"What is {one} plus {other}?", str(one + other)


def _wish(draw: random.Random) -> Pair:
    sentence, parts = _booking(draw)
    return sentence, f"You ask about a {parts['thing']}. How can I help you with it?"


def _talk(draw: random.Random) -> Pair:
    name, thing = draw.choice(words().names), draw.choice(words().things)
    pairs = (
        (f"Hello, I am {name}.", f"Hello {name}, how can I help you?"),
        ("Thank you, bye!", "You are welcome. Goodbye!"),
        (f"Can you help me with my {thing}?", f"Yes. What is it about your {thing}?"),
        (f"Where is my {thing}?", f"I do not know where your {thing} is. Please ask our team."),
        (f"Why was my {thing} declined?", f"I am sorry about your {thing}. I will look into it."),
    )
    return draw.choice(pairs)


TASKS: tuple[Callable[[random.Random], Pair], ...] = (
    *(_copy,) * 6,
    *(_pick, _quote) * 3,
    *(_list_parts, _repeat) * 2,
    _word_at,
    _after,
    _colour,
    _shout,
    _sum,
    _wish,
    _talk,
)
"""Copying comes most often: it is what every other task rests on."""
