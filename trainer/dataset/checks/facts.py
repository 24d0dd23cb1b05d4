"""Facts in the answers that are nowhere in what was asked: numbers, names, codes.

What a model does not know it learns slowly, and learning it makes it invent (GEK, E20). Whether the
base model knows a fact cannot be seen from the data; that the input does not give it can.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.rows import Row, said
from trainer.dataset.view import View

LIMITS = (
    "Facts absent from the input are found by number, code and capitalised name; facts in plain "
    "words, and names in scripts without capitals, are not."
)
MANY = 0.05
"""The share of rows from which it is more than an exception; our own judgement."""
USUAL = 0.05
"""The share of answers from which what they share is a form of words, such as a company's name."""
SHOWN = 8
Kind = Literal["number", "code", "name"]

_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,]*\d(?!\w)")
_CODE = re.compile(r"(?<![\w-])(?=[\w-]{0,63}\d)(?=[\w-]{0,63}[A-Za-z])[\w-]{3,64}(?![\w-])")
_NAME = re.compile(r"(?<=[^\W\d_,;:]\s)[A-Z][a-zà-ÿ]{2,}(?:\s[A-Z][a-zà-ÿ]{2,})*")
_WORD = re.compile(r"\w+")
_PARTS = re.compile(r"[^\W_]+")


def find(view: View) -> Iterator[Finding]:
    """Rows of train whose answer states a number, code or name that nothing before it holds."""
    if view.chooses or view.classifies:
        return  # a label states nothing
    facts = {
        row.number: _absent(row) for row in view.train if row.target.strip() not in view.labels
    }
    spread = Counter(fact for row in facts.values() for fact in row)
    usual = {fact for fact, rows in spread.items() if rows > max(2, USUAL * len(view.train))}
    plain = _plain_words(view) if spread else set()
    kept = {
        number: [fact for fact in row if fact not in usual and not _plain(fact, plain)]
        for number, row in facts.items()
    }
    rows = [number for number, row in kept.items() if row]
    if not rows:
        return
    kinds = Counter(kind for row in kept.values() for kind, _ in row)
    told = ", ".join(f"{many:,} {kind}s" for kind, many in kinds.most_common())
    yield found(
        "warning" if len(rows) >= MANY * len(view.train) else "note",
        "Facts in the answers that are not in the input",
        f"{share(len(rows), len(view.train))} state what nothing before them holds ({told}"
        f"{_examples(kept)}). Facts that the base model does not know are learned slowly, and "
        "learning them makes it invent others. Where they were worked out from the input, this is "
        "harmless.",
        "Put the facts into the input as retrieval would, answer that it is not known, or take the "
        "rows out.",
        rows,
        sources=("GEK", "RVF", "OAI-BP"),
    )


def _absent(row: Row) -> set[tuple[Kind, str]]:
    """What the answer states and the input does not hold."""
    before = "\n".join([*(said(item) for item in row.prompt), json.dumps(row.tools)])
    words = {word.casefold() for word in _WORD.findall(before)}
    numbers = {_value(number) for number in _NUMBER.findall(before)} | words
    answer = _stated(row.target)
    found: set[tuple[Kind, str]] = set()
    found |= {("number", one) for one in _NUMBER.findall(answer) if _value(one) not in numbers}
    low = before.casefold()
    found |= {("code", one) for one in _CODE.findall(answer) if one.casefold() not in low}
    for name in _NAME.findall(answer):
        if any(word.casefold() not in words for word in _PARTS.findall(name)):
            found.add(("name", name))
    return found


def _value(number: str) -> str:
    """A number without its separators of thousands and the zeros that say nothing."""
    plain = number.strip(".,")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _stated(target: str) -> str:
    """What an answer says; of JSON its values, since keys are form."""
    if not target.lstrip().startswith(("{", "[")):
        return target
    try:
        return "\n".join(_leaves(json.loads(target)))
    except (ValueError, RecursionError):
        return target


def _leaves(value: Any) -> Iterator[str]:
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    if inner is None:
        if not isinstance(value, bool) and value is not None:
            yield str(value)
        return
    for item in inner:
        yield from _leaves(item)


def _plain_words(view: View) -> set[str]:
    """Words that some row writes small: capitals there are an accident of style."""
    words: set[str] = set()
    for row in view.train:
        words.update(
            word for word in _WORD.findall(f"{row.question} {row.target}") if word.islower()
        )
    return words


def _plain(fact: tuple[Kind, str], plain: set[str]) -> bool:
    return fact[0] == "name" and all(word.casefold() in plain for word in _PARTS.findall(fact[1]))


def _examples(kept: dict[int, list[tuple[Kind, str]]]) -> str:
    """A few of them with their rows; codes and long numbers may be secret and are not shown."""
    shown = [
        f"{text} in row {number}"
        for number, row in kept.items()
        for kind, text in sorted(row)
        if kind != "code" and len(text) <= (8 if kind == "number" else 30)
    ]
    return f"; such as {', '.join(shown[:SHOWN])}" if shown else ""
