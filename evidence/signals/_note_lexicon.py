"""The lexicon of reviewers' notes: which phrases stand in a note, and what each of them says.

Phrases are regular expressions that begin at a word. To try a few of them at each word instead of
all of them, they are filed under the letters that they begin with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from advisor_rules.safe_yaml import read_yaml

PHRASES = Path(__file__).parent / "note_phrases.yaml"
Side = Literal["facts", "form", "all", "fault"]
Verdict = Literal["wrong", "right", ""]
Match = Callable[[str, int], "re.Match[str] | None"]

WORD_START = re.compile(r"\w+?(?=n['’]t\b)|n['’]t\b|\w+")
"""Places where a phrase may begin: words, and the "n't" of a contraction."""
SENTENCE_END = re.compile(
    r"(?<=[.!?;])[\"'”’)\]]*\s+|\s*\n\s*|\s+(?=[-*•] )"
    r"|(?<=[a-z0-9%)\"'])\s+(?=(?:This|These|It|There|Does|Not|No|Also)\s[a-z])"
)
"""Ends of sentences, those that lack a full stop before a word that only begins one included."""
TURN = re.compile(
    r"[,:(]|\b(?:but|although|though|however|while|whilst|because|so|since|and|yet|which|who)\b",
    re.I,
)
"""Where a clause ends: a "not" before it does not reach behind it."""
DENIAL = re.compile(
    r"(?:\b(?:not(?! (?:only|just|merely|simply|to mention))|no|never|without|neither|nor|none|"
    r"hardly|barely|scarcely|cannot|isnt|doesnt|dont|didnt|wasnt|arent|lacks?|nothing|isn t|non|"
    r"rather than|fails? to|failed to|far from|free (?:of|from)|zero|free)|n't)"
    r"(?:[\s-]+(?:a|an|the|any|of|in|is|as|at|all|be|been|being|are|so|that|this|it|to|for|"
    r"have|has|had|seem|seems|appear|look|sound|contain|contains|find|found|see|say|give|provide|"
    r"even|very|really|actually|entirely|fully|completely|totally|wholly|quite|particularly|"
    r"strictly|exactly|necessarily|always|directly|especially|overly|technically|factually|"
    r"historically|scientifically|sufficiently|specifically|particular|real|obvious|clear|major|"
    r"minor|serious|significant|factual|other|much|too|more|new|considered|100|completely|or|"
    r"necessary|truly|super|terribly|remotely|anything|anywhere|help|much|evidently|absolutely|"
    r"precisely|universally|generally|still|longer|usually|make|makes|made|include|mention)){0,4}"
    r"[\s-]*$",
    re.I,
)
OPINION = re.compile(
    r"\b(?:do not|don't|did not|didn't|cannot|can't|hardly) (?:\w+ )?"
    r"(?:think|believe|feel|find|consider|see)\b[^.;!?]{0,80}$",
    re.I,
)
"""What somebody does not think: "I don't think that this is relevant" denies it."""
MAX_REACH = 60
"""Characters before a phrase in which a denial is looked for."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    side: Side
    kind: str
    says: Verdict = ""
    denied: Verdict = ""
    sure: bool
    phrases: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of the lexicon and what it says, as it stands and after a denial."""

    side: Side
    kind: str
    says: Verdict
    denied: Verdict
    sure: bool
    line: str
    """The phrase as a regular expression; compiled when a word first calls for it."""
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: characters ``start`` to ``end`` of the note, and what it says there."""

    side: Side
    kind: str
    says: Verdict
    sure: bool
    start: int
    end: int
    denied: bool


@lru_cache(maxsize=1)
def phrases() -> tuple[Phrase, ...]:
    """The lexicon, read once."""
    document = read_yaml(PHRASES.read_text(encoding="utf-8"), PHRASES.name)
    entries = TypeAdapter(tuple[_Entry, ...]).validate_python(document.data)
    return tuple(
        _phrase(entry, line)
        for entry in entries
        for line in map(str.strip, entry.phrases.splitlines())
        if line
    )


def _phrase(entry: _Entry, line: str) -> Phrase:
    heads = heads_of(line)
    return Phrase(entry.side, entry.kind, entry.says, entry.denied, entry.sure, line, heads)


@cache
def _compiled(line: str) -> re.Pattern[str]:
    return re.compile(line, re.IGNORECASE)


def heads_of(line: str) -> tuple[str, ...]:
    """Letters of which a word must have some at its beginning for the phrase to begin there."""
    if not line.startswith("("):
        return (_literal(line),)
    end = _closing(line)
    inner = _alternatives(line[1:end])
    heads = [head for item in inner for head in (heads_of(item) if item else ("",))]
    if line[end + 1 : end + 2] in ("?", "*"):
        heads += heads_of(line[end + 2 :])
    return tuple(dict.fromkeys(heads))


def _closing(line: str) -> int:
    """Where the group closes that a line begins with."""
    depth = 0
    for place, letter in enumerate(line):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return place
    raise ValueError(f"a group that is never closed: {line}")


def _alternatives(group: str) -> list[str]:
    parts, depth = [""], 0
    for letter in group.removeprefix("?:"):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _literal(line: str) -> str:
    found = re.match(r"[a-z0-9]*", line, re.IGNORECASE)
    letters = found.group() if found else ""
    return letters[: -1 if line[len(letters) : len(letters) + 1] in tuple("?*{") else None].lower()


@lru_cache(maxsize=16_384)
def _starting(word: str) -> tuple[tuple[Match, Phrase], ...]:
    """The phrases that may begin at a word."""
    near = (*_by_letter().get(word[:1], ()), *_by_letter().get("", ()))
    return tuple((_compiled(item.line).match, item) for item in near if word.startswith(item.heads))


@lru_cache(maxsize=1)
def _by_letter() -> dict[str, list[Phrase]]:
    """The phrases by the letters that their first words begin with ("" for any)."""
    found: dict[str, list[Phrase]] = {}
    for item in phrases():
        for letter in {head[:1] for head in item.heads}:
            found.setdefault(letter, []).append(item)
    return found


def sentences(note: str) -> list[tuple[int, int]]:
    """Where the sentences of a note begin and end, in characters."""
    found, start = [], 0
    for gap in SENTENCE_END.finditer(note):
        found.append((start, gap.start()))
        start = gap.end()
    found.append((start, len(note)))
    return [(first, last) for first, last in found if note[first:last].strip()]


def find_phrases(note: str, start: int, end: int) -> list[Hit]:
    """What the phrases in one sentence say; of overlapping ones the longest, in order of place."""
    plain = note[start:end].replace("’", "'")
    found = [
        (match.end() - match.start(), match.start(), match.end(), phrase)
        for word in WORD_START.finditer(plain)
        for begins, phrase in _starting(word.group().lower()[:24])
        if (match := begins(plain, word.start())) and match.end() > match.start()
    ]
    found.sort(key=lambda item: (-item[0], item[1]))
    taken: list[tuple[int, int, Phrase]] = []
    for _, first, last, phrase in found:
        if all(last <= other[0] or first >= other[1] for other in taken):
            taken.append((first, last, phrase))
    taken.sort(key=lambda item: item[0])
    return [_hit(plain, first, last, phrase, start) for first, last, phrase in taken]


def _hit(plain: str, first: int, last: int, phrase: Phrase, offset: int) -> Hit:
    denied = is_denied(plain, first)
    return Hit(
        side=phrase.side,
        kind=phrase.kind,
        says=phrase.denied if denied else phrase.says,
        sure=phrase.sure,
        start=offset + first,
        end=offset + last,
        denied=denied,
    )


def is_denied(sentence: str, start: int) -> bool:
    """Whether a "not", "no", "without" or the like reaches the phrase that begins at ``start``."""
    if OPINION.search(sentence[max(0, start - 2 * MAX_REACH) : start]):
        return True
    before = sentence[max(0, start - MAX_REACH) : start]
    turns = list(TURN.finditer(before))
    return DENIAL.search(before[turns[-1].end() :] if turns else before) is not None
