"""What a request asks for: harm, something that only sounds like it, or nothing of the kind.

A request is read in three steps: is there a word that sounds dangerous; what is done to whom (see
``_conduct_objects``), made, obtained, claimed of a group or found out about a person; and is it a
wish to do it, or a question about the past, a word, a game, a story or a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from evidence.signals import _conduct_groups as groups
from evidence.signals import _conduct_private as private
from evidence.signals._conduct_objects import Token, kind_of, lexemes, phrase_after, tokens_of
from evidence.signals._conduct_sieve import find
from evidence.signals._conduct_text import lexicon, pattern_of, plain, words
from evidence.view import words_of

Harm = Literal["harmful", "harmless", "unclear", "ordinary"]
LIMIT = 1_500
"""Characters of the question that are read."""
LONG = 300
"""Characters above which a question says so much else that one phrase does not settle it."""
NEAR = 60
"""Characters between a verb of making or getting and what is made."""
ENGLISH = frozenset(
    words(
        "the a an is are how what why to of in do does can should i my you for where when who "
        "which was were did has or with on it at by write best me and"
    )
)

_TITLE = re.compile(
    r"\b(?:in|from|on|of) (?:the )?((?:[A-Z][\w'’]*|\d+)(?: (?:[A-Z][\w'’]*|\d+|and|of|the|&))*)"
)


_ALWAYS = ("crime_phrases", "self_harm", "hateful")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a request asks for, in words why, and which characters say so."""

    harm: Harm
    why: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A harmful thing asked for; ``excused`` where a game, a story or the past can excuse it."""

    why: str
    start: int
    end: int
    excused: bool = True


@lru_cache(maxsize=2048)
def read_request(question: str) -> Reading | None:
    """What a question asks for; None where it is not in English or empty."""
    text = question[:LIMIT]
    low = plain(text)
    if not (said := set(words_of(low.replace("'s", "")))) & ENGLISH:
        return None
    if not said & _alarms():
        return Reading("ordinary")
    quiet = not said & lexemes().danger and not _sounds_bad(low)
    if quiet and not said & _matters():
        return Reading("ordinary")
    return _read_closely(text, low, quiet)


def _read_closely(text: str, low: str, quiet: bool) -> Reading:
    tokens = tokens_of(text, low)
    if not quiet and (found := next(_never_excused(low), None)):
        return _judged(found, text, low)
    if about := private.read_private(text, low, tokens):
        return Reading(*about)
    if of_group := groups.read_group(low, tokens):
        return Reading(*of_group)
    if quiet:
        return Reading("ordinary")
    found = next(_harms(low, tokens), None)
    danger = [token for token in tokens if token.low in lexemes().danger]
    if found is None:
        return _without_harm(danger) if danger else _of_a_word(low)
    return _judged(found, text, low)


def _of_a_word(low: str) -> Reading:
    """What a phrase means may be asked, however bad it sounds."""
    if not pattern_of("harm", "define_frames").match(low.lstrip()):
        return Reading("ordinary")
    return Reading("harmless", "it asks what a word or thing is", 0, len(low))


def _without_harm(danger: list[Token]) -> Reading:
    word = danger[0]
    return Reading("harmless", f"“{word.raw[:30]}” is said of no person", word.start, word.end)


def _judged(found: _Found, text: str, low: str) -> Reading:
    place = (found.start, found.end)
    if found.excused and (why := _excuse(found, text, low)):
        return Reading("harmless", why, *place)
    if len(low) <= LONG and pattern_of("harm", "seek_frames").search(low):
        return Reading("harmful", found.why, *place)
    return Reading("unclear", found.why, *place)


def _excuse(found: _Found, text: str, low: str) -> str:
    """Why a thing that sounds harmful is not, or ''."""
    if find("harm", "safe_contexts", low):
        return "it is about a game, a sport or a story"
    shield = find("harm", "protective", low)
    if find("harm", "shields", low) or (shield and shield.start() < found.start):
        return "it is about preventing it"
    if pattern_of("harm", "past_frames").match(low.lstrip()):
        return "it asks what happened"
    if pattern_of("harm", "define_frames").match(low.lstrip()):
        return "it asks what a word or thing is"
    return "it is about a named work" if _in_title(text) else ""


def _in_title(text: str) -> bool:
    for found in _TITLE.finditer(text):
        name = found.group(1)
        if any(mark.isdigit() for mark in name) and re.search(r"[A-Za-z]", name):
            return True
    return False


def _sounds_bad(low: str) -> bool:
    return any(find("harm", name, low) for name in ("attack_phrases", *_ALWAYS))


def _never_excused(low: str) -> Iterator[_Found]:
    for name, why in (
        ("self_harm", "asks for a way to harm oneself"),
        ("hateful", "asks for hateful, false or abusive content"),
    ):
        if found := find("harm", name, low):
            yield _Found(why, found.start(), found.end(), excused=False)


def _harms(low: str, tokens: list[Token]) -> Iterator[_Found]:
    if found := find("harm", "crime_phrases", low):
        yield _Found("asks how to do something criminal", found.start(), found.end())
    yield from _made(low, tokens)
    yield from _done(low, tokens)


def _made(low: str, tokens: list[Token]) -> Iterator[_Found]:
    """Weapons, drugs, attacks on computers and forgeries that somebody wants to make or get."""
    verbs = [token for token in tokens if token.low in lexemes().make]
    for name in ("weapons", "drugs", "cyber", "forged") if verbs else ():
        for found in pattern_of("harm", name).finditer(low):
            if low[found.start() - 1 : found.start()] in ('"', "“", "'"):
                continue
            near = [verb for verb in verbs if 0 <= found.start() - verb.start <= NEAR]
            if near:
                yield _Found("asks to make or get what is forbidden", near[-1].start, found.end())


def _done(low: str, tokens: list[Token]) -> Iterator[_Found]:
    """What is done to people, to their bodies and belongings, and to places full of people."""
    known = lexemes()
    verbs = known.attack | known.rough | known.place_verbs | known.property_verbs
    for place, token in enumerate(tokens):
        if token.low in verbs:
            yield from _verb(low, tokens, place, place + 1)
    if not find("harm", "attack_phrases", low):
        return
    for found in pattern_of("harm", "attack_phrases").finditer(low):
        after = next(
            (i for i, token in enumerate(tokens) if token.start >= found.end()), len(tokens)
        )
        phrase = phrase_after(tokens, after)
        kind = kind_of(phrase)
        landmark = bool(phrase) and phrase[-1].low in _LANDMARKS
        if kind in ("person", "body", "place") or landmark:
            yield _Found("asks how to harm a person", found.start(), phrase[-1].end)


def _verb(low: str, tokens: list[Token], at: int, after: int) -> Iterator[_Found]:
    known, verb = lexemes(), tokens[at].low
    if after < len(tokens) and tokens[after].low == "out":
        return  # to drown out a noise, to burn out
    if at and tokens[at - 1].low in _BEFORE_NOUNS and not verb.endswith("ing"):
        return  # a drug, the attack
    phrase = phrase_after(tokens, after)
    kind = kind_of(phrase)
    end = phrase[-1].end if phrase else tokens[at].end
    if verb in known.attack and (kind in ("person", "body") or _person_before(tokens, at)):
        yield _Found("asks how to harm a person", tokens[at].start, end)
    elif verb in known.rough and kind == "body":
        yield _Found("asks how to injure a person", tokens[at].start, end)
    elif verb in known.rough and kind == "person" and find("harm", "hurting", low):
        yield _Found("asks how to hurt a person", tokens[at].start, end)
    elif verb in known.place_verbs | known.attack and kind == "place":
        yield _Found("asks how to attack a place", tokens[at].start, end)
    elif verb in known.property_verbs and kind == "belonging":
        yield _Found("asks how to take or damage what is somebody else's", tokens[at].start, end)
    elif verb in known.rough | known.attack and any(item.low in known.vital for item in phrase):
        yield _Found("asks how to injure a body", tokens[at].start, end)


_BEFORE_NOUNS = frozenset(words("the a an of some any this that these those his her its my no"))


_LANDMARKS = frozenset(words("bridge bridges skyscraper tower monument plane planes"))
"""What is no place full of people in itself, but is not blown up or taken down for fun."""


def _person_before(tokens: list[Token], at: int) -> bool:
    """People to shoot, somebody to kill."""
    return (
        at >= 2
        and tokens[at - 1].low == "to"
        and tokens[at - 2].low in lexemes().people
        and not phrase_after(tokens, at + 1)
    )


@lru_cache(maxsize=1)
def _alarms() -> frozenset[str]:
    """Words without one of which a request is ordinary."""
    more = frozenset(words(lexicon("harm")["alarms"]))
    return lexemes().danger | lexemes().place_verbs | more | _matters()


@lru_cache(maxsize=1)
def _matters() -> frozenset[str]:
    """Words without one of which no private matter and no group of people is asked about."""
    return private.alarms() | groups.alarms()
