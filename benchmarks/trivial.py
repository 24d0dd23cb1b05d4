"""A classifier that knows nothing: which fields are present and how long the texts are.

What it reaches is what the data gives away without being understood.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.diagnosis import Labelled

Labels = Counter[str]
FOLDS = 5
PRESENT = ("reference", "context", "format_spec", "reviewer_note")


def trivial_answers(items: Sequence[Labelled], split: str) -> list[str]:
    """The majority label of records of the same look, counted without the record's own fold.

    ``split`` is ``by_group`` (five folds of prompts) or ``by_source`` (each source is a fold: what
    is left when the source cannot be recognised).
    """
    fold_of: Callable[[Labelled], Hashable] = _fold if split == "by_group" else _source
    total: dict[str, Labels] = defaultdict(Counter)
    inside: dict[tuple[Hashable, str], Labels] = defaultdict(Counter)
    for item in items:
        for level in _look(item):
            total[level][item.label] += 1
            inside[fold_of(item), level][item.label] += 1
    return [
        _commonest(total[level] - inside[fold_of(item), level] for level in _look(item))
        for item in items
    ]


def _commonest(levels: Iterable[Labels]) -> str:
    """The commonest label at the finest level at which anything was seen."""
    for counts in levels:
        if counts:
            return counts.most_common(1)[0][0]
    return "uncertain"


def _look(item: Labelled) -> tuple[str, ...]:
    """From fine to coarse: fields and length, length alone, anything."""
    record = item.record
    present = "".join(str(int(bool(getattr(record, name)))) for name in PRESENT)
    length = len(record.output).bit_length()
    return f"{present}/{length}", f"length {length}", "any"


def _fold(item: Labelled) -> int:
    return blake2b(item.group.encode(), digest_size=2).digest()[0] % FOLDS


def _source(item: Labelled) -> str:
    return item.source
