"""What-if: answers that differ from what is known, and what would be advised then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from advisor_rules import Advice, FactValue, InvalidFacts
from advisor_rules.model import Fact
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict
from app import words
from app.advising import preview
from app.drawing import ladder
from app.intake import fitting
from app.web.answers import UNSURE, as_typed, read

Values = Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that is supposed to be another."""

    title: str
    then: str
    now: str
    measured: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One answer in the form: what is shown, and whether it differs from what is known."""

    fact: Fact
    shown: str
    now: str
    changed: bool
    problem: str = ""

    @property
    def touched(self) -> bool:
        """Whether something else than what is known was typed."""
        return self.changed or bool(self.problem)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    title: str
    fields: list[Field]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Supposition:
    """Answers that are supposed, with what is wrong with them or what would be advised."""

    values: Values
    typed: Mapping[str, str]
    changes: Mapping[str, object]
    today: Advice
    supposed: Advice
    problems: Mapping[str, str]


def suppose(book: Rulebook, values: Values, typed: Mapping[str, str]) -> Supposition:
    """What would be advised for what is known, changed as typed; nothing is stored."""
    known, _ = fitting(book, values)
    today = preview(book, known, {})
    changes = changes_in(book, known, typed)
    try:
        supposed, problems = (preview(book, known, changes) if changes else today), {}
    except InvalidFacts as error:
        supposed = today
        problems = {item.fact: words.sentence(item.message) for item in error.problems}
    return Supposition(known, typed, changes, today, supposed, problems)


def changes_in(book: Rulebook, known: Values, typed: Mapping[str, str]) -> dict[str, object]:
    """The values that differ from what is known; None where a known fact is supposed unknown."""
    changes: dict[str, object] = {}
    for name, text in typed.items():
        fact = book.facts.get(name)
        if fact is None or fact.derived:
            continue
        value = read(fact, text or UNSURE)
        now = known[name].value if name in known else None
        if value != now or isinstance(value, bool) != isinstance(now, bool):
            changes[name] = value
    return changes


def recordable(found: Supposition) -> dict[str, object]:
    """The changes that an answer can make: a measurement stands above any answer."""
    return {name: value for name, value in found.changes.items() if not _measured(found, name)}


def context(book: Rulebook, found: Supposition, placed: Collection[str] = ()) -> dict[str, Any]:
    """What the what-if part of a page needs; ``placed`` facts have their field elsewhere."""
    before = {item.rule for item in found.today.findings}
    after = {item.rule for item in found.supposed.findings}
    advice = advice_to_dict(found.supposed, book)
    return {
        "today": found.today,
        "supposed": found.supposed,
        "changes": [_change(book, found, name) for name in found.changes],
        "problems": [
            (f"if-{name}", words.fact_title(book, name), message)
            for name, message in found.problems.items()
        ],
        "appeared": sorted(after - before),
        "gone": sorted(before - after),
        "keep": [(name, _typed(value)) for name, value in recordable(found).items()],
        "ladder": ladder(advice, book),
        "groups": groups(book, found, placed),
        "oob": False,
    }


def fields(book: Rulebook, found: Supposition) -> dict[str, Field]:
    """A field for every fact that can be supposed, by its id."""
    facts = [fact for fact in book.facts.values() if fact.ask or fact.id in found.values]
    return {fact.id: _field(found, fact) for fact in facts if not fact.derived}


def groups(book: Rulebook, found: Supposition, placed: Collection[str] = ()) -> list[Group]:
    """Fields that are not placed elsewhere: changed ones, those that rules used, the rest."""
    speaking = {name for item in found.today.findings for name in item.facts}
    rest = {name: field for name, field in fields(book, found).items() if name not in placed}

    def taken(belongs: Callable[[str], bool]) -> list[Field]:
        return [rest.pop(name) for name in list(rest) if belongs(name)]

    def used(name: str) -> bool:
        return name in found.values and name in speaking

    made = [
        Group("Changed answers", taken(lambda name: rest[name].touched), open=True),
        Group(
            "Answers that the rules used",
            taken(used),
        ),
        Group("Other answers", taken(lambda name: name in found.values)),
        Group("Not known yet", taken(lambda name: True)),
    ]
    return [group for group in made if group.fields]


def _field(found: Supposition, fact: Fact) -> Field:
    now = found.values[fact.id].value if fact.id in found.values else None
    shown = found.typed.get(fact.id) if fact.id in found.changes else None
    return Field(
        fact=fact,
        shown=as_typed(now) if shown is None else shown or UNSURE,
        now=words.value_words(fact, now) if now is not None else "not known",
        changed=fact.id in found.changes,
        problem=found.problems.get(fact.id, ""),
    )


def _change(book: Rulebook, found: Supposition, name: str) -> Change:
    fact = book.facts[name]
    now = found.values[name].value if name in found.values else None
    then = found.changes[name]
    return Change(
        title=fact.title,
        then=words.value_words(fact, then) if then is not None else "not known",  # type: ignore[arg-type]  # shown only where checked
        now=words.value_words(fact, now) if now is not None else "not known",
        measured=_measured(found, name),
    )


def _measured(found: Supposition, name: str) -> bool:
    return name in found.values and found.values[name].origin == "measured"


def _typed(value: object) -> str:
    return as_typed(value)  # type: ignore[arg-type]  # read from a form, so a value or None
