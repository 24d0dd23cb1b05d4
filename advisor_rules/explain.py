"""Explanations that are computed: flips, next questions, and whether the advice is decided.

Everything here asks the engine; nothing is written by hand. A flip is a smallest change of known
facts that leads to another step. A question is worth asking if some answer leads to another step.
The advice is decided when no completion of the unknown facts leads to another step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

from advisor_rules.conditions import Masks, allowed_values
from advisor_rules.engine import DECIDING, Compiled, Judgement, columns_of, judge
from advisor_rules.model import DIAGNOSIS, STRENGTHS, Flip, NextQuestion, Value
from advisor_rules.worlds import Change, abstract_values, combined, sampled, size_of, varied

SAMPLE = 192
"""Random completions of the unknown facts that show how often each of them matters."""
MOST_PAIRS = 120_000
MOST_WORLDS = 1 << 16
"""Combinations that are enumerated to prove that the advice is decided."""
MOST_PAIR_FLIPS = 12
SEED = 20261120

Values = Mapping[str, Value]
Questions = tuple[NextQuestion, ...]


def explain(compiled: Compiled, values: Values) -> tuple[tuple[Flip, ...], Questions, bool | None]:
    """Flips, next questions (best first) and whether the step is decided, for known values."""
    base = judge(compiled, columns_of(values), 1)
    step = _step_in(base, 0)
    questions, moved = _questions(compiled, values, base, step)
    decided = False if moved else _proven(compiled, values, base, step)
    if decided:
        questions = ()
    return _flips(compiled, values, step), questions, decided


def _step_in(judgement: Judgement, world: int) -> str | None:
    bit = 1 << world
    return next((name for name, mask in judgement.winners.items() if mask & bit), None)


def _moved(judgement: Judgement, step: str | None) -> int:
    """Worlds whose step is another one."""
    same = judgement.abstained if step is None else judgement.winners[step]
    return judgement.full & ~same


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
    moved = _moved(judgement, step)
    return [
        Flip(change, _step_in(judgement, index), None)
        for index, change in enumerate(changes)
        if moved >> index & 1
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
    influence, moved = _influence(compiled, values, step, domains)
    asked = [
        NextQuestion(
            fact=fact,
            why=ask.why,
            changes=len(alone[fact]),
            answers=len(domains[fact]),
            leads_to=tuple(dict.fromkeys(name for name in alone[fact] if name)),
        )
        for fact in domains
        if (ask := compiled.book.facts[fact].ask)
        and (alone[fact] or influence[fact])
        and _has_a_point(compiled, base, fact)
    ]
    asked.sort(key=lambda item: (-item.changes / item.answers, -influence[item.fact], item.fact))
    return tuple(asked), moved or any(alone.values())


def _has_a_point(compiled: Compiled, base: Judgement, fact: str) -> bool:
    """Whether what is known leaves the question worth asking (see ``Ask.when``)."""
    asks = compiled.asks.get(fact)
    return asks is None or not asks(base.columns, base.full)[1]


def _open_domains(compiled: Compiled, values: Values) -> dict[str, tuple[Value, ...]]:
    """Values of the unknown facts that some rule in force reads."""
    read = frozenset[str]().union(*stated_facts(compiled).values())
    domains = abstract_values(compiled)
    return {name: domains[name] for name in domains if name in read and name not in values}


def _answers_alone(
    compiled: Compiled, values: Values, step: str | None, domains: Mapping[str, tuple[Value, ...]]
) -> dict[str, list[str | None]]:
    """For each unknown fact, the other steps that its answers lead to with all else unchanged."""
    changes = [((fact, value),) for fact, answers in domains.items() for value in answers]
    found: dict[str, list[str | None]] = {fact: [] for fact in domains}
    for flip in _tried(compiled, values, step, changes):
        found[flip.changes[0][0]].append(flip.step)
    return found


def _influence(
    compiled: Compiled, values: Values, step: str | None, domains: Mapping[str, tuple[Value, ...]]
) -> tuple[dict[str, float], bool]:
    """How often each fact's answer decides between steps in random completions of the rest."""
    if not domains:
        return {}, False
    columns = sampled(values, domains, SAMPLE, SEED)
    base = judge(compiled, columns, SAMPLE)
    blocks = [(fact, value) for fact, answers in domains.items() for value in answers]
    size = SAMPLE * len(blocks)
    judgement = judge(compiled, _with_each(columns, blocks), size)
    shares: dict[str, float] = {}
    window = (1 << SAMPLE) - 1
    first: dict[str, dict[str, int]] = {}
    for index, (fact, _) in enumerate(blocks):
        shifted = {
            name: mask >> index * SAMPLE & window for name, mask in judgement.winners.items()
        }
        reference = first.setdefault(fact, shifted)
        differs = 0
        for name, mask in shifted.items():
            differs |= mask ^ reference[name]
        shares[fact] = max(shares.get(fact, 0.0), differs.bit_count() / SAMPLE)
    return shares, bool(_moved(base, step))


def _with_each(
    columns: Mapping[str, Mapping[Value, int]], blocks: list[tuple[str, Value]]
) -> dict[str, Mapping[Value, int]]:
    """The sampled worlds repeated once a block, with that block's fact set to its value."""
    repeat = sum(1 << index * SAMPLE for index in range(len(blocks)))
    window = (1 << SAMPLE) - 1
    wide: dict[str, dict[Value, int]] = {
        fact: {value: (mask & window) * repeat for value, mask in column.items()}
        for fact, column in columns.items()
    }
    for index, (fact, chosen) in enumerate(blocks):
        here = window << index * SAMPLE
        column = wide[fact]
        for value in column:
            column[value] &= ~here
        column[chosen] = column.get(chosen, 0) | here
    return dict(wide)


# --- decided ----------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def stated_facts(compiled: Compiled) -> Mapping[str, frozenset[str]]:
    """Stated facts that each rule reads, through derivations, but not through the diagnosis."""
    inputs = {item.fact: item.inputs for item in compiled.derivations}
    return {
        rule: frozenset(name for fact in reads for name in inputs.get(fact, (fact,))) - {DIAGNOSIS}
        for rule, reads in compiled.reads.items()
    }


def _proven(compiled: Compiled, values: Values, base: Judgement, step: str | None) -> bool | None:
    """True if no completion changes the step, False if one does, None where it cannot tell.

    Only rules that further knowledge can turn matter, and only those on steps that could still win;
    the facts of these are enumerated in full. Derived facts are given every value that they have,
    reachable or not: that proves that nothing moves, but shows no case in which something does.
    """
    matter = sorted(_facts_that_matter(compiled, base, step))
    domains = {name: (None, *_answers(compiled, name)) for name in matter}
    if size_of(domains) > MOST_WORLDS:
        return None
    columns, size = combined(values, domains)
    if not _moved(judge(compiled, columns, size), step):
        return True
    return None if any(compiled.book.facts[name].derived for name in matter) else False


def _answers(compiled: Compiled, name: str) -> tuple[Value, ...]:
    return abstract_values(compiled).get(name) or allowed_values(compiled.book.facts[name])


def _facts_that_matter(compiled: Compiled, base: Judgement, step: str | None) -> set[str]:
    """Facts, stated or derived, that are unknown and could still move the step."""
    lasting = _lasting_truth(compiled, base)
    open_rules = {name for name, (true, false) in lasting.items() if not true | false}
    rivals = _rivals(compiled, lasting, step)
    facts: set[str] = set()
    for name in open_rules:
        rule = compiled.rules[name]
        deciding = {target for effect, target in rule.gives.effects() if effect in DECIDING}
        if deciding & rivals:
            facts.update(compiled.reads[name])
            if DIAGNOSIS in compiled.reads[name]:
                facts |= _open_symptoms(compiled, lasting)
    return {name for name in facts if not base.columns.get(name)} - {DIAGNOSIS}


def _lasting_truth(compiled: Compiled, base: Judgement) -> dict[str, Masks]:
    """Truth of every rule where further knowledge cannot turn it; (0, 0) where it can."""
    columns = dict(base.columns)
    truth = {name: compiled.lasts[name](columns, base.full) for name in compiled.symptoms}
    if _diagnosis_open(compiled, truth):
        columns[DIAGNOSIS] = {}
    for name, lasts in compiled.lasts.items():
        if name not in truth:
            truth[name] = lasts(columns, base.full)
    return truth


def _diagnosis_open(compiled: Compiled, lasting: Mapping[str, Masks]) -> bool:
    """Whether a classify rule that can still turn could change the class of failure."""
    for strength in STRENGTHS:
        rules = [
            (name, lasting[rule])
            for name, by_strength in compiled.classify.items()
            for rule in by_strength.get(strength, ())
        ]
        said = {name for name, (true, _) in rules if true}
        if {name for name, (true, false) in rules if not true | false} - said:
            return True
        if said:
            return False
    return False


def _open_symptoms(compiled: Compiled, lasting: Mapping[str, Masks]) -> set[str]:
    return {
        fact
        for by_strength in compiled.classify.values()
        for rules in by_strength.values()
        for rule in rules
        if not lasting[rule][0] | lasting[rule][1]
        for fact in compiled.reads[rule]
    }


def _rivals(compiled: Compiled, lasting: Mapping[str, Masks], step: str | None) -> set[str]:
    """Steps that could still win, the present one among them."""
    lower = {name: _bound(compiled, lasting, name, low=True) for name in compiled.blocks}
    upper = {name: _bound(compiled, lasting, name, low=False) for name in compiled.blocks}
    at_risk = step is None or any(not any(lasting[rule]) for rule in compiled.blocks[step])
    floor = (0, 0, 0) if at_risk or step is None else lower[step]
    possible = {
        name
        for name, blocks in compiled.blocks.items()
        if upper[name] >= floor and not any(lasting[rule][0] for rule in blocks)
    }
    return possible | ({step} if step else set())


def _bound(
    compiled: Compiled, lasting: Mapping[str, Masks], step: str, *, low: bool
) -> tuple[int, ...]:
    """The least or greatest net evidence (strong, moderate, weak) that the step can end with."""
    contest = compiled.steps

    def count(rules: tuple[str, ...], open_counts: bool) -> int:
        return sum(
            bool(lasting[rule][0]) or (open_counts and not lasting[rule][1]) for rule in rules
        )

    return tuple(
        count(contest.speaking_for[step][level], not low) - count(contest.against[step][level], low)
        for level in range(len(STRENGTHS))
    )
