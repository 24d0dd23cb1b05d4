"""Rows into parts so that nothing of one part is known from another.

Rows of one group, and rows whose questions are near-duplicates, stay together; a test on rows like
those trained on would flatter the model. Labels have the same shares in every part as nearly as
the groups allow. The same rows, shares and seed give the same parts.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from trainer.dataset.labels import label_counts
from trainer.dataset.rows import Row
from trainer.dataset.similar import clusters

TRAIN = "train"
Unit = list[int]
"""Places of rows that stay together."""


def split(
    rows: Sequence[Row], shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Row, ...]]:
    """Parts by name, ``train`` having what the ``shares`` (of all rows, 0 to 1) leave.

    Rows keep their order. A part is empty where there are not units enough for it.
    """
    wanted = {name: share for name, share in shares.items() if share > 0}
    units = units_of(rows)
    parts: dict[str, list[Unit]] = {TRAIN: [], **{name: [] for name in wanted}}
    if wanted:
        _divide(_strata(rows, units, seed), wanted, parts)
        _fill_empty(parts)
    else:
        parts[TRAIN] = units
    chosen = {name: sorted(place for unit in has for place in unit) for name, has in parts.items()}
    return {name: tuple(rows[place] for place in places) for name, places in chosen.items()}


def units_of(rows: Sequence[Row]) -> list[Unit]:
    """Rows that belong together, by group or by likeness, chains included; in order of rows."""
    leader = list(range(len(rows)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    first: dict[tuple[str, str | int], int] = {}
    alike = clusters([row.question for row in rows])
    for place, row in enumerate(rows):
        keys: list[tuple[str, str | int]] = [("alike", alike[place])]
        keys += [("group", row.group)] if row.group else []
        for key in keys:
            leader[find(place)] = find(first.setdefault(key, place))
    units: dict[int, Unit] = defaultdict(list)
    for place in range(len(rows)):
        units[find(place)].append(place)
    return list(units.values())


def _strata(rows: Sequence[Row], units: list[Unit], seed: int) -> list[list[Unit]]:
    """Units by their commonest label, shuffled; the largest of each stratum first."""
    labels = label_counts(rows)
    strata: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        targets = (rows[place].target.strip() for place in unit)
        counts = Counter(target if target in labels else "" for target in targets)
        strata[min(counts, key=lambda label: (-counts[label], label))].append(unit)
    for label, members in sorted(strata.items()):
        random.Random(f"{seed}:{label}").shuffle(members)  # noqa: S311 (no secret)
        members.sort(key=len, reverse=True)
    return [strata[label] for label in sorted(strata)]


def _divide(
    strata: list[list[Unit]], shares: Mapping[str, float], parts: dict[str, list[Unit]]
) -> None:
    """Give each unit to the part that lacks most; what a stratum leaves open the next one fills."""
    all_shares = {**shares, TRAIN: 1 - sum(shares.values())}
    lacks = dict.fromkeys(parts, 0.0)
    for stratum in strata:
        size = sum(len(unit) for unit in stratum)
        lacks = {name: lack + all_shares[name] * size for name, lack in lacks.items()}
        for unit in stratum:
            # A held-out part takes no unit that would leave it much larger than wanted.
            fitting = [name for name in parts if name == TRAIN or lacks[name] >= len(unit) / 2]
            taker = max(fitting, key=lambda name: lacks[name])
            parts[taker].append(unit)
            lacks[taker] -= len(unit)


def _fill_empty(parts: dict[str, list[Unit]]) -> None:
    """Give a part that got nothing the smallest unit that another can spare."""
    for name in sorted(parts, key=lambda name: name != TRAIN):
        if parts[name]:
            continue
        donor = max(parts, key=lambda other: len(parts[other]))
        if len(parts[donor]) > 1:
            smallest = min(parts[donor], key=len)
            parts[donor].remove(smallest)
            parts[name].append(smallest)
