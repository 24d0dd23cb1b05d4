"""The rulebook's own proof: what must hold for every rule, every step and every set of facts.

Claims that something exists (a rule fires, decides, a step is reached) are proven by a witness that
the engine itself produced. Claims about all facts are proven by enumerating every combination of
the abstract values of the facts that the claim depends on, many millions at a time on bit masks.
Derived facts and the diagnosis are enumerated as free values there, which can only make a claim
harder to prove, never easier. Where a claim depends on too many facts to enumerate, the check fails
and says so: it never falls back on sampling silently.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from advisor_rules.conditions import Ordered, walk
from advisor_rules.engine import Compiled, columns_of, compile_rulebook, judge
from advisor_rules.load import default_rulebook
from advisor_rules.model import Example, Rule
from advisor_rules.proofs import (
    contradictions,
    deciding_world,
    monotone_violations,
    reached_options,
    reached_steps,
    undecided_worlds,
)
from advisor_rules.record_proofs import (
    contradiction_problems,
    deciding_problems,
    example_problems,
    subtype_problems,
    unused_subtypes,
)
from advisor_rules.records import compile_record_rules
from advisor_rules.rulebook import Rulebook

LONGEST_SENTENCE = 40
"""Words; longer sentences are hard to read (our own convention)."""
MOST_FACTS = 6
"""Facts that one rule may read; a rule on more is two rules (our own convention)."""
Problems = Iterator[str]


@dataclass(frozen=True, slots=True)
class Check:
    """One claim about the rulebook, how it was established, and where it fails."""

    name: str
    passed: bool
    detail: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of a rulebook, and the days on which it was proven."""

    checks: tuple[Check, ...]
    days: tuple[date, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def verify(book: Rulebook | None = None, as_of: date | None = None) -> Report:
    """Prove the rulebook (default: the built-in one) as it is in force at ``as_of``.

    Without ``as_of`` it is proven for every day on which something in it changes.
    """
    started = time.perf_counter()
    book = book or default_rulebook()
    days = (as_of,) if as_of else book.days_of_change()
    in_force = [compile_rulebook(book, day) for day in days]
    checks = tuple(_run(name, check, in_force) for name, check in CHECKS.items())
    return Report(checks, days, time.perf_counter() - started)


def _run(
    name: str, check: Callable[[Compiled], tuple[str, list[str]]], in_force: Sequence[Compiled]
) -> Check:
    found = {compiled.as_of: check(compiled) for compiled in in_force}
    days: dict[str, list[str]] = {}
    for day, (_, problems) in found.items():
        for problem in problems:
            days.setdefault(problem, []).append(day.isoformat())
    return Check(
        name=name,
        passed=not days,
        detail=found.get(in_force[0].book.latest(), found[in_force[-1].as_of])[0],
        problems=tuple(
            problem if len(on) == len(found) else f"{problem} (as of {', '.join(on)})"
            for problem, on in days.items()
        ),
    )


def _examples(compiled: Compiled) -> tuple[str, list[str]]:
    problems = [
        f"{rule.id}: {problem}"
        for rule in compiled.rules.values()
        for problem in _example_problems(compiled, rule)
    ]
    count = sum(len(rule.examples) for rule in compiled.rules.values())
    return (
        f"{len(compiled.rules)} rules fire or stay silent as their {count} examples say",
        problems,
    )


def _example_problems(compiled: Compiled, rule: Rule) -> Problems:
    for side in (True, False):
        if not any(example.fires is side for example in rule.examples):
            yield f"has no example that {'fires' if side else 'stays silent'}"
    then = compile_rulebook(compiled.book, compiled.book.day_of(rule))
    for example in rule.examples:
        judgement = judge(then, columns_of(example.facts), 1)
        if bool(judgement.truth[rule.id][0]) is not example.fires:
            said = "fires" if not example.fires else "stays silent"
            yield f"{said} on its example {dict(example.facts)}"


def _thresholds(compiled: Compiled) -> tuple[str, list[str]]:
    problems, count = [], 0
    for rule in compiled.rules.values():
        limits = compiled.book.limits(compiled.book.day_of(rule))
        for part in walk(compiled.book.conditions[rule.id]):
            if isinstance(part, Ordered):
                count += 1
                missing = _sides_without_example(limits, rule.examples, part)
                problems += [f"{rule.id}: no example with {part.fact} {side}" for side in missing]
    return f"{count} comparisons have an example on each side of their threshold", problems


def _sides_without_example(
    limits: Mapping[str, float], examples: Iterable[Example], part: Ordered
) -> Iterator[str]:
    limit = limits[part.threshold]
    values = [float(example.facts[part.fact]) for example in examples if part.fact in example.facts]
    above_counts = part.op in ("ge", "lt")
    low = [value for value in values if (value < limit if above_counts else value <= limit)]
    high = [value for value in values if (value >= limit if above_counts else value > limit)]
    if not low:
        yield f"below {limit:g}" if above_counts else f"at most {limit:g}"
    if not high:
        yield f"at least {limit:g}" if above_counts else f"above {limit:g}"


def _deciding(compiled: Compiled) -> tuple[str, list[str]]:
    problems = [
        f"{rule.id}: found no facts on which it changes diagnosis, step, choice, plan or warning"
        for rule in compiled.rules.values()
        if deciding_world(compiled, rule) is None
    ]
    return f"{len(compiled.rules)} rules each decide something in a witnessed case", problems


def _reachable(compiled: Compiled) -> tuple[str, list[str]]:
    steps, abstains = reached_steps(compiled)
    options = reached_options(compiled)
    problems = [
        f"step {name} is never recommended" for name in compiled.book.steps if name not in steps
    ]
    problems += [
        f"option {name} is never chosen" for name in compiled.book.options if name not in options
    ]
    if not abstains:
        problems.append("there are no facts on which the advice abstains")
    detail = f"{len(steps)} steps, {len(options)} options and abstention are each reached"
    return detail, problems


def _certainty(compiled: Compiled) -> tuple[str, list[str]]:
    worlds, pairs, problems = contradictions(compiled)
    detail = f"{pairs} pairs of strong rules never contradict each other ({worlds:,} combinations)"
    return detail, problems


def _total(compiled: Compiled) -> tuple[str, list[str]]:
    worlds, bad = undecided_worlds(compiled)
    problems = [f"{bad:,} combinations have no single outcome"] if bad else []
    return f"{worlds:,} combinations each give one step or an explicit abstention", problems


def _monotone(compiled: Compiled) -> tuple[str, list[str]]:
    claims, worlds, problems = monotone_violations(compiled)
    detail = f"{claims} claims that more of a number never lowers a step ({worlds:,} combinations)"
    return detail, problems


def _words(compiled: Compiled) -> tuple[str, list[str]]:
    records = compile_record_rules(compiled.book, compiled.as_of)
    reads = {**compiled.reads, **records.reads}
    rules = {**compiled.rules, **records.rules}
    problems = [
        f"{rule.id}: {problem}"
        for rule in rules.values()
        for problem in _wording_problems(rule, reads[rule.id])
    ]
    return f"{len(rules)} rules cite a source and explain themselves in words", problems


def _records(compiled: Compiled) -> tuple[str, list[str]]:
    book = compiled.book
    rules = compile_record_rules(book, compiled.as_of)
    worlds, contradictions = contradiction_problems(book, rules)
    found = [
        f"{rule.id}: {problem}"
        for rule in rules.rules.values()
        for problem in (
            *example_problems(rules, rule),
            *deciding_problems(rules, rule),
            *subtype_problems(book, rule),
        )
    ]
    detail = (
        f"{len(rules.rules)} rules on failure records decide as their examples say and never "
        f"contradict each other with certainty ({worlds:,} combinations)"
    )
    return detail, [*found, *contradictions, *unused_subtypes(book, rules)]


def _wording_problems(rule: Rule, reads: tuple[str, ...]) -> Problems:
    for text in (rule.title, rule.because):
        if "_" in text:
            yield f"{text!r} holds an identifier; say it in words"
    for sentence in rule.because.replace("?", ".").replace(";", ".").split(". "):
        if len(sentence.split()) > LONGEST_SENTENCE:
            yield f"a sentence of {len(sentence.split())} words: {sentence[:60]!r}..."
    if len(reads) > MOST_FACTS:
        yield f"reads more than {MOST_FACTS} facts: split it"


CHECKS: dict[str, Callable[[Compiled], tuple[str, list[str]]]] = {
    "examples": _examples,
    "thresholds": _thresholds,
    "deciding": _deciding,
    "reachable": _reachable,
    "certainty": _certainty,
    "total": _total,
    "monotone": _monotone,
    "records": _records,
    "words": _words,
}
