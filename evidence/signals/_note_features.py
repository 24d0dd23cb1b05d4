"""What a note is like, in numbers: which of its sentences say what, and in which order.

Reviewers of long answers often write one passage for each thing that they mark. A sentence is
therefore read by itself, and the note by how many of its sentences speak of wrong facts, of what
is beside the point and of what is lacking, and by what comes first.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from evidence.signals._note_lexicon import Hit, find_phrases, sentences

MAX_NOTE = 6_000
"""Characters of a note that are read."""
BRIEF = 12
"""A note of fewer words is a remark on the output; a longer one argues."""
SHORT = 6
"""Up to so many words a sentence is taken to speak of the output, whatever its words."""
PLAIN = 8
"""Up to so many words a complaint is taken for one about the output."""
BESIDE = frozenset({"irrelevant", "unneeded", "unanswered"})

ABOUT = re.compile(
    r"\b(this|that|these|those|it|its|answers?|responses?|outputs?|statements?|sentences?|"
    r"questions?|query|text|information|info|paragraphs?|phrases?|examples?|author|writer|poster|"
    r"model|bot|assistant|ai|user|asker|reader|here|prompt|point|part|section|claims?|reference|"
    r"link|analogy|explanation|description|passage|piece|i|me|my|definition|topic|op|above|below|"
    r"mention(?:ed|s|ing)?|include[ds]?|explain(?:s|ed|ing)?|stat(?:es|ed|ing)|span|article|"
    r"content|tone|wording|format)\b",
    re.I,
)
"""Words of somebody who speaks of an answer and not of the world."""
NAMES_IT = re.compile(
    r"\b(answers?|responses?|outputs?|statements?|sentences?|questions?|query|text|information|"
    r"info|paragraphs?|phrases?|examples?|author|writer|prompt|point|piece|reference|link|analogy|"
    r"explanation|mention(?:ed|s|ing)?|include[ds]?|explain(?:s|ed|ing)?|model|bot|assistant|"
    r"reply|replies|summary|translation|tone|wording|format|code|json|sql|yaml|xml|instructions?|"
    r"assistant)\b",
    re.I,
)
QUESTION = re.compile(r"\b(question|query|asked|asks|asking|asker)\b", re.I)
POINTS = re.compile(r"^\W*(this|that|it|these|the (statement|sentence|answer|phrase|part))\b", re.I)
GRANTS = re.compile(
    r"\b(but|however|although|though|while|whilst|except|yet|still|instead|unfortunately|only|"
    r"despite|nevertheless|other than|apart from)\b",
    re.I,
)
FLAGS = (
    *("fact", "fact_hint", "fact_right", "unsupported", "counter", "lacking", "lacking_hint"),
    *("irrelevant", "unneeded", "unanswered", "beside", "beside_hint", "beside_plain"),
    *("beside_question", "relevant", "unclear", "length", "style", "other_form", "form_right"),
    *("fine", "assertion", "about", "question", "points", "quiet"),
)
MANNER = {"unclear": "unclear", "verbosity_or_length": "length", "style": "style"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a note: its number of words, the phrases in it, and what it does (FLAGS)."""

    words: int
    hits: tuple[Hit, ...]
    flags: frozenset[str]


@dataclass(frozen=True)
class Note:
    """A note, sentence by sentence."""

    sentences: tuple[Sentence, ...]

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """Every phrase of the note that says something."""
        return tuple(hit for item in self.sentences for hit in item.hits if hit.says)

    @cached_property
    def words(self) -> int:
        """Its length in words."""
        return sum(item.words for item in self.sentences)


def read_note(text: str) -> Note:
    """Take a note apart (its first MAX_NOTE characters)."""
    text = text[:MAX_NOTE]
    brief = len(text.split(maxsplit=BRIEF)) < BRIEF
    return Note(tuple(_sentence(text, start, end, brief) for start, end in sentences(text)))


def _sentence(note: str, start: int, end: int, brief: bool) -> Sentence:
    text = note[start:end]
    hits = tuple(find_phrases(note, start, end))
    return Sentence(len(text.split()), hits, frozenset(_flags(text, hits, brief)))


def _flags(text: str, hits: tuple[Hit, ...], brief: bool) -> set[str]:
    words = len(text.split())
    names_it = NAMES_IT.search(text) is not None
    about = brief or names_it or words <= SHORT or ABOUT.search(text) is not None
    flags = {flag for hit in hits for flag in _said(hit, about)}
    if not (names_it or brief or words <= PLAIN):
        flags -= {"unclear", "length", "style", "other_form"}
    elif "beside" in flags:
        flags.add("beside_plain")
    asks = QUESTION.search(text) is not None
    if asks and "irrelevant" in flags:
        flags.add("beside_question")
    if about and flags.isdisjoint(
        {"fact", "fact_hint", "beside", "beside_hint", "lacking", "lacking_hint"}
    ):
        flags.add("quiet")
    if not names_it and words >= 4 and flags.isdisjoint({"beside", "lacking"}):
        flags.add("assertion")
    if GRANTS.search(text):
        flags.add("turn")
    extra = {"about": about, "question": asks, "points": POINTS.search(text) is not None}
    return flags | {name for name, holds in extra.items() if holds}


def _said(hit: Hit, about: bool) -> tuple[str, ...]:
    if hit.kind == "counter":
        return ("counter",)
    if not hit.says:
        return ()
    if hit.side == "facts":
        return _said_of_facts(hit)
    if hit.side == "form":
        return _said_of_form(hit, about)
    return ("fine",) if hit.side == "all" else ()


def _said_of_facts(hit: Hit) -> tuple[str, ...]:
    if hit.kind == "incomplete":
        return () if hit.says == "right" else ("lacking",) if hit.sure else ("lacking_hint",)
    if hit.says == "right":
        return ("fact_right",)
    sure = "fact" if hit.sure else "fact_hint"
    return (sure, "unsupported") if hit.kind == "unsupported" else (sure,)


def _said_of_form(hit: Hit, about: bool) -> tuple[str, ...]:
    if hit.kind not in BESIDE:
        other = MANNER.get(hit.kind, "other_form")
        return ("form_right",) if hit.says == "right" else (other,) if about else ()
    if hit.says == "right":
        return ("relevant",)
    if not hit.sure:
        return ("beside_hint",)
    return (hit.kind, "beside" if about else "beside_hint")


def features(note: Note) -> dict[str, float]:
    """The numbers of a note that the fitted model weighs, each about 0 to 5."""
    flags = [item.flags for item in note.sentences]
    number = len(flags)
    found = {}
    for name in FLAGS:
        count = sum(name in item for item in flags)
        found[f"any_{name}"] = float(count > 0)
        found[f"share_{name}"] = count / number
        found[f"first_{name}"] = float(name in flags[0])
    return found | _order(flags) | _size(note, number)


def _order(flags: list[frozenset[str]]) -> dict[str, float]:
    """What comes before the first complaint about the point, or about what is lacking."""
    number = len(flags)
    beside = _first(flags, {"beside"})
    form = _first(flags, {"beside", "beside_hint", "unclear", "length", "style", "other_form"})
    lacking = _first(flags, {"lacking", "lacking_hint"})
    opening = flags[: min(form, lacking)]
    return {
        "opening": min(len(opening), 4) / 4,
        "opening_assertions": min(sum("assertion" in item for item in opening), 3) / 3,
        "opening_speaks_of_facts": float(
            any(not item.isdisjoint({"fact", "fact_hint", "assertion"}) for item in opening)
        ),
        "facts_before_beside": float(
            any(not item.isdisjoint({"fact", "fact_hint"}) for item in flags[:beside])
        ),
        "opening_is_all": float(len(opening) == number),
        "beside_alone": float(
            beside < number and all(item.isdisjoint({"fact", "fact_hint"}) for item in flags)
        ),
        "fact_elsewhere": min(_apart(flags, "fact"), 2) / 2,
        "fact_hint_elsewhere": min(_apart(flags, "fact_hint"), 2) / 2,
        "beside_later": float(0 < beside < number),
    }


def _first(flags: list[frozenset[str]], names: set[str]) -> int:
    """The place of the first sentence with one of these flags; past the end where there is none."""
    places = (place for place, item in enumerate(flags) if not item.isdisjoint(names))
    return next(places, len(flags))


def _apart(flags: list[frozenset[str]], name: str) -> int:
    """How many sentences have this flag and speak of nothing beside the point."""
    return sum(name in item and "beside" not in item for item in flags)


def _size(note: Note, number: int) -> dict[str, float]:
    return {
        "log_sentences": math.log(number),
        "one_sentence": float(number == 1),
        "log_words": math.log(note.words + 1),
    }
