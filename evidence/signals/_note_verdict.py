"""From the phrases of a note, and a fitted model where it is long, to what it says.

Short notes say it in plain words, so their phrases decide. Longer ones argue: they restate facts,
grant what is right and suggest what else to say, and there the fitted model weighs the phrases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from evidence.signals._note_features import BESIDE, BRIEF, Note, Sentence, features
from evidence.signals._note_lexicon import Hit
from evidence.signals._note_model import probabilities

Certainty = Literal["said", "likely", "guess"]
Weigh = Callable[[dict[str, float]], dict[str, float]]
TELLING_WORDS = 4
"""Fewer words, none of them of the lexicon, say nothing."""
WEIGHABLE = frozenset({"wrong_fact", "unsupported", "irrelevant", "incomplete"})
SURE, PROBABLE = 0.85, 0.6
"""Probabilities from which the model is sure, or holds it for likely: in cross-validation of the
fitting data, of the notes above the first over 95 in 100 were read rightly."""
SPECIFIC = (
    *("contradicts_context", "retrieval_missed", "outdated", "missing_information"),
    *("unsupported", "wrong_fact"),
)
"""Kinds of wrong facts, the more telling first."""
TELLING = frozenset({"outdated", "missing_information", "contradicts_context", "retrieval_missed"})
"""Kinds that the notes the model was fitted on hardly had: the phrases decide on these."""
CONDUCT = frozenset(
    {"over_refusal", "malformed_output", "leaked_prompt", "wrong_language", "format_not_followed"}
    | {"instruction_not_followed", "style", "verbosity_or_length", "repetition"}
)
"""Kinds of wrong form that the fitting data hardly had either."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a note says of the facts or of the form, the kind of fault, and how plainly."""

    said: Literal["wrong", "right", ""] = ""
    kind: str = ""
    sure: bool = False
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a note says of facts, of form and of a fault elsewhere, and how certain that is."""

    facts: Side
    form: Side
    elsewhere: Side
    certainty: Certainty
    fitted: bool = False


def verdict(note: Note, weigh: Weigh = probabilities) -> Verdict | None:
    """What a note says; None where it says nothing that could be read.

    ``weigh`` gives the chances of the classes for the features of a note.
    """
    if not note.sentences:
        return None
    plain = by_phrases(note)
    settled = _both_said(note, plain) or (note.words < BRIEF and not _open(note, plain))
    return plain if settled else _weighed(note, plain, weigh)


def _both_said(note: Note, plain: Verdict | None) -> bool:
    """Whether a note of a sentence or two complains of facts and of form in plain words."""
    if plain is None or len(note.sentences) > 2 or note.words > 2 * BRIEF:
        return False
    return all(side.said == "wrong" and side.sure for side in (plain.facts, plain.form))


def _open(note: Note, plain: Verdict | None) -> bool:
    """Whether a brief note leaves it to the model: a whole sentence of hints or of none at all."""
    if plain is None:
        return note.words >= TELLING_WORDS
    kinds = {side.kind for side in (plain.facts, plain.form) if side.said == "wrong"}
    return plain.certainty != "said" and bool(kinds) and kinds <= WEIGHABLE


def by_phrases(note: Note) -> Verdict | None:
    """What the phrases alone say."""
    facts, form = _facts(note), _form(note)
    if _praises(note) and not any(side.sure for side in (facts, form)):
        facts, form = _right(note, "facts"), _right(note, "form")
    elif "wrong" not in (facts.said, form.said):
        facts = _lacking(note) or facts
    sides = (facts, form)
    elsewhere = _elsewhere(note) if all(side.said != "wrong" for side in sides) else Side()
    if not any(side.said for side in (*sides, elsewhere)):
        return _asserted(note)
    if all(side.said != "wrong" for side in (*sides, elsewhere)):
        return Verdict(facts, form, elsewhere, "likely")
    wrong = [side for side in (*sides, elsewhere) if side.said == "wrong"]
    return Verdict(facts, form, elsewhere, "said" if all(s.sure for s in wrong) else "likely")


def _praises(note: Note) -> bool:
    """Whether a note says that all is fine and turns to nothing else."""
    return any("fine" in item.flags for item in note.sentences) and not _grants(note)


def _facts(note: Note) -> Side:
    wrong = [hit for item in note.sentences for hit in _facts_wrong(item)]
    sure = [hit for hit in wrong if hit.sure]
    if wrong:
        chosen = min(sure or wrong, key=lambda hit: SPECIFIC.index(hit.kind))
        return Side("wrong", chosen.kind, bool(sure), tuple(sure or wrong))
    return _right(note, "facts")


def _facts_wrong(item: Sentence) -> list[Hit]:
    """Complaints about facts; a mere hint beside a plain complaint about form is of that form."""
    wrong = [h for h in item.hits if (h.side, h.says) == ("facts", "wrong")]
    plain_form = any(h.side == "form" and h.says == "wrong" and h.sure for h in item.hits)
    return [h for h in wrong if h.kind in SPECIFIC and (h.sure or not plain_form)]


def _form(note: Note) -> Side:
    wrong = [hit for item in note.sentences for hit in _form_wrong(item)]
    sure = [hit for hit in wrong if hit.sure]
    if wrong:
        chosen = (sure or wrong)[0]
        kind = "irrelevant" if chosen.kind in BESIDE else chosen.kind
        return Side("wrong", kind, bool(sure), tuple(sure or wrong))
    return _right(note, "form")


def _form_wrong(item: Sentence) -> list[Hit]:
    wrong = [h for h in item.hits if (h.side, h.says) == ("form", "wrong")]
    plain_fact = any(h.side == "facts" and h.says == "wrong" and h.sure for h in item.hits)
    wrong = [h for h in wrong if h.sure or not plain_fact]
    if item.flags.isdisjoint({"beside_plain", "unclear", "length", "style", "other_form"}):
        return [replace(hit, sure=False) for hit in wrong if "about" in item.flags]
    return wrong


def _right(note: Note, side: str) -> Side:
    found = tuple(hit for hit in note.hits if hit.says == "right" and hit.kind != "incomplete")
    own = tuple(hit for hit in found if hit.side in (side, "all"))
    return Side("right", own[0].kind, False, own) if own else Side()


def _lacking(note: Note) -> Side | None:
    """What is left out; that counts where nothing else is said to be wrong."""
    found = [hit for hit in note.hits if (hit.kind, hit.says) == ("incomplete", "wrong")]
    sure = tuple(hit for hit in found if hit.sure)
    if not found:
        return None
    return Side("wrong", "incomplete", bool(sure), sure or tuple(found))


def _elsewhere(note: Note) -> Side:
    found = tuple(hit for hit in note.hits if hit.side == "fault" and hit.says == "wrong")
    return Side("wrong", "client_fault", True, found) if found else Side()


def _asserted(note: Note) -> Verdict | None:
    """A note that only says how the world is corrects the facts of the output."""
    if any("assertion" in item.flags for item in note.sentences):
        return Verdict(Side("wrong", "wrong_fact"), Side(), Side(), "guess")
    return None


def _weighed(note: Note, plain: Verdict | None, weigh: Weigh) -> Verdict | None:
    plain = plain or NOTHING
    if plain.elsewhere.said or note.words < TELLING_WORDS:
        return None if plain is NOTHING else plain
    if "right" in (plain.facts.said, plain.form.said) and not _wrong(plain) and not _grants(note):
        return plain
    chances = weigh(features(note))
    best = max(chances, key=lambda name: chances[name])
    facts = _side(best in ("information", "both"), plain.facts, "wrong_fact", TELLING)
    form = _side(best in ("behavior", "both"), plain.form, "irrelevant", CONDUCT)
    if form.said == "wrong" and _is_void(facts, plain, best):
        facts = Side() if plain.facts.said != "right" else plain.facts
    certainty = _certainty(chances[best], facts, form)
    if certainty == "said" and best != _class(facts, form):
        certainty = "likely"
    return Verdict(facts, form, Side(), certainty, fitted=True)


def _class(facts: Side, form: Side) -> str:
    if facts.said == form.said == "wrong":
        return "both"
    return "information" if facts.said == "wrong" else "behavior"


def _is_void(facts: Side, plain: Verdict, best: str) -> bool:
    """Whether "facts wrong" rests on nothing, or on something left out, beside wrong form."""
    if best == "information":
        return not facts.hits
    return plain.facts.kind == "incomplete"


def _wrong(found: Verdict) -> bool:
    return "wrong" in (found.facts.said, found.form.said)


def _grants(note: Note) -> bool:
    """Whether the note turns from what it grants to something else, as "true, but" does."""
    return any("turn" in item.flags for item in note.sentences)


def _side(wrong: bool, plain: Side, kind: str, own: Iterable[str]) -> Side:
    """One side: as the model says, but for kinds that it never saw, which the phrases decide."""
    if wrong:
        return plain if plain.said == "wrong" else Side("wrong", kind)
    if plain.said == "wrong" and plain.sure and plain.kind in own:
        return plain
    return plain if plain.said == "right" else Side()


NOTHING = Verdict(Side(), Side(), Side(), "guess")


def _certainty(chance: float, facts: Side, form: Side) -> Certainty:
    wrong = [side for side in (facts, form) if side.said == "wrong"]
    if not any(side.hits for side in wrong):
        return "guess"
    sure = all(side.sure for side in wrong)
    if chance >= SURE and sure:
        return "said"
    return "likely" if chance >= PROBABLE else "guess"


def phrases_of(found: Verdict) -> tuple[Hit, ...]:
    """The phrases that a verdict rests on, in order of place."""
    hits = [hit for side in (found.facts, found.form, found.elsewhere) for hit in side.hits]
    return tuple(sorted(set(hits), key=lambda hit: hit.start))
