"""Explanations that are computed: flips, next questions, and whether the advice is decided.

Everything here asks the engine; nothing is written by hand. A flip is a smallest change of known
facts that leads to another step. A question is worth asking if some answer leads to another step.
The advice is decided when no completion of the unknown facts leads to another step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations

from advisor_rules.decided import facts_that_matter, proven
from advisor_rules.engine import Compiled, Judgement, columns_of, judge, moved, step_in
from advisor_rules.model import DIAGNOSIS, Flip, NextQuestion, Value
from advisor_rules.worlds import Change, Values, abstract_values, answers, sampled, varied

SAMPLE = 128
"""Random completions of the unknown facts that show how often each matters (whole bytes)."""
MOST_PAIRS = 120_000
MOST_PAIR_FLIPS = 12
SEED = 20261120
EVERYWHERE, NOWHERE = b"\xff" * (SAMPLE // 8), bytes(SAMPLE // 8)

Domains = Mapping[str, tuple[Value, ...]]
Questions = tuple[NextQuestion, ...]


def explain(compiled: Compiled, values: Values) -> tuple[tuple[Flip, ...], Questions, bool | None]:
    """Flips, next questions (best first) and whether the step is decided, for known values."""
    base = judge(compiled, columns_of(values), 1)
    step = step_in(base)
    questions, can_move = _questions(compiled, values, base, step)
    decided = False if can_move else proven(compiled, values, base, step)
    if decided:
        questions = ()
    elif not questions:
        questions = _questions_left(compiled, values, base, step)
    return _flips(compiled, values, step), questions, decided


# --- flips ------------------------------------------------------------------------------------


def _flips(compiled: Compiled, values: Values, step: str | None) -> tuple[Flip, ...]:
    alternatives = _alternatives(compiled, values)
    singles = _tried(compiled, values, step, [(change,) for change in alternatives])
    if singles:
        return _nearest(values, singles)
    pairs = [pair for pair in combinations(alternatives, 2) if pair[0][0] != pair[1][0]]
    found = _tried(compiled, values, step, pairs[:MOST_PAIRS])
    per_step: dict[str | None, list[Flip]] = {}
    for flip in _nearest(values, found):
        per_step.setdefault(flip.step, []).append(flip)
    share = max(1, MOST_PAIR_FLIPS // max(1, len(per_step)))
    return tuple(flip for flips in per_step.values() for flip in flips[:share])


def _alternatives(compiled: Compiled, values: Values) -> list[tuple[str, Value]]:
    domains = abstract_values(compiled)
    return [
        (fact, other) for fact, value in values.items() for other in domains[fact] if other != value
    ]


def _tried(
    compiled: Compiled, values: Values, step: str | None, changes: Sequence[Change]
) -> list[Flip]:
    if not changes:
        return []
    judgement = judge(compiled, varied(values, changes), len(changes))
    elsewhere = moved(judgement, step)
    return [
        Flip(change, step_in(judgement, index))
        for index, change in enumerate(changes)
        if elsewhere >> index & 1
    ]


def _nearest(values: Values, flips: Iterable[Flip]) -> tuple[Flip, ...]:
    """Of several numbers of one fact that lead to the same step, the one closest to today's."""
    kept: dict[object, Flip] = {}
    for flip in flips:
        kinds = tuple((fact, None if _number(value) else value) for fact, value in flip.changes)
        best = kept.setdefault((kinds, flip.step), flip)
        if _distance(values, flip) < _distance(values, best):
            kept[kinds, flip.step] = flip
    return tuple(kept.values())


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(values: Values, flip: Flip) -> float:
    """How far the numbers that change move, relative to today's."""
    moves = [(float(value), float(values[fact])) for fact, value in flip.changes if _number(value)]
    return sum(abs(value - today) / (abs(today) or 1) for value, today in moves)


# --- next questions ---------------------------------------------------------------------------


def _questions(
    compiled: Compiled, values: Values, base: Judgement, step: str | None
) -> tuple[Questions, bool]:
    """Questions whose answers can change the step, and whether any completion seen changes it."""
    domains = _open_domains(compiled, values)
    alone = _answers_alone(compiled, values, step, domains)
    influence, can_move = _influence(compiled, values, step, domains)
    asked = [
        question
        for fact, tried in domains.items()
        if (alone[fact] or influence[fact])
        and (question := _question(compiled, base, fact, len(tried), alone[fact]))
    ]
    asked.sort(key=lambda item: (-item.changes / item.answers, -influence[item.fact], item.fact))
    return tuple(asked), can_move or any(alone.values())


def _questions_left(
    compiled: Compiled, values: Values, base: Judgement, step: str | None
) -> Questions:
    """All that may still matter, where no answer was seen to and nothing is proven."""
    domains = _open_domains(compiled, values)
    matter = _stated(compiled, facts_that_matter(compiled, base, step))
    left = (
        _question(compiled, base, fact, len(tried), [])
        for fact, tried in domains.items()
        if fact in matter
    )
    return tuple(question for question in left if question)


def _question(
    compiled: Compiled, base: Judgement, fact: str, answers: int, other_steps: list[str | None]
) -> NextQuestion | None:
    """The question about a fact, unless nobody asks for it or what is known makes it pointless."""
    ask, asks = compiled.book.facts[fact].ask, compiled.asks.get(fact)
    if ask is None or (asks and asks(base.columns, base.full)[1]):
        return None
    leads_to = tuple(dict.fromkeys(name for name in other_steps if name))
    return NextQuestion(fact, ask.why, len(other_steps), answers, leads_to)


def _open_domains(compiled: Compiled, values: Values) -> Domains:
    """Values of the unknown facts that some rule in force reads."""
    read = _facts_read(compiled)
    return {name: tried for name, tried in answers(compiled, values).items() if name in read}


@lru_cache(maxsize=16)
def _facts_read(compiled: Compiled) -> set[str]:
    return _stated(compiled, chain.from_iterable(compiled.reads.values()))


def _stated(compiled: Compiled, facts: Iterable[str]) -> set[str]:
    """These facts, with what derived ones are made from in their place."""
    inputs = {item.fact: item.inputs for item in compiled.derivations}
    return {name for fact in facts for name in inputs.get(fact, (fact,))} - {DIAGNOSIS}


def _answers_alone(
    compiled: Compiled, values: Values, step: str | None, domains: Domains
) -> dict[str, list[str | None]]:
    """For each unknown fact, the other steps that its answers lead to with all else unchanged."""
    changes = [((fact, value),) for fact, answers in domains.items() for value in answers]
    found: dict[str, list[str | None]] = {fact: [] for fact in domains}
    for flip in _tried(compiled, values, step, changes):
        found[flip.changes[0][0]].append(flip.step)
    return found


def _influence(
    compiled: Compiled, values: Values, step: str | None, domains: Domains
) -> tuple[dict[str, float], bool]:
    """How often each fact's answer decides between steps in random completions of the rest.

    And whether any of these completions leads to another step.
    """
    if not domains:
        return {}, False
    columns = sampled(values, domains, SAMPLE, SEED)
    judgement = judge(compiled, _with_each(columns, domains), SAMPLE * _count(domains))
    blocks = _blocks(judgement)
    shares = {}
    for fact, tried in domains.items():
        first, *others = (next(blocks) for _ in tried)
        shares[fact] = max((_differing(first, other) for other in others), default=0) / SAMPLE
    return shares, bool(moved(judgement, step))


def _count(domains: Domains) -> int:
    """One block of sampled worlds for each answer to each question."""
    return sum(map(len, domains.values()))


def _with_each(
    columns: Mapping[str, Mapping[Value, int]], domains: Domains
) -> dict[str, Mapping[Value, int]]:
    """The sampled worlds repeated once a block, with that block's fact set to its answer."""
    wide: dict[str, Mapping[Value, int]] = {}
    total, before = _count(domains), 0
    for fact, tried in domains.items():
        after = total - before - len(tried)
        wide[fact] = {
            value: int.from_bytes(
                _bytes(columns[fact].get(value, 0)) * before
                + b"".join(EVERYWHERE if answer == value else NOWHERE for answer in tried)
                + _bytes(columns[fact].get(value, 0)) * after,
                "little",
            )
            for value in tried
        }
        before += len(tried)
    for fact in columns.keys() - domains.keys():
        wide[fact] = dict.fromkeys(columns[fact], (1 << SAMPLE * total) - 1)
    return wide


def _bytes(mask: int) -> bytes:
    return mask.to_bytes(SAMPLE // 8, "little")


def _blocks(judgement: Judgement) -> Iterator[list[int]]:
    """Block by block the worlds that each step wins, as masks."""
    length, width = (judgement.full.bit_length() + 7) // 8, SAMPLE // 8
    rows = [mask.to_bytes(length, "little") for mask in judgement.winners.values()]
    for start in range(0, length, width):
        yield [int.from_bytes(row[start : start + width], "little") for row in rows]


def _differing(left: list[int], right: list[int]) -> int:
    """In how many worlds of two blocks the steps differ."""
    differs = 0
    for here, there in zip(left, right, strict=True):
        differs |= here ^ there
    return differs.bit_count()
