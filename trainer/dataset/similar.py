"""Texts that say nearly the same, found among many without comparing each with each.

Texts are compared by the runs of five characters that they share (the Jaccard index of the two
sets; Broder 1997). MinHash signatures (rensa) propose pairs, every pair is then measured exactly.
Runs that many texts share, such as an instruction that stands in every prompt, do not count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

ALIKE = 0.8
"""The Jaccard index from which two texts are near-duplicates; the usual value for data sets of
language models (Lee et al. 2022, arXiv 2107.06499, appendix A)."""
RUN = 5
BANDS, IN_BAND = 25, 5
"""Proposes a pair of index 0.8 with a chance of 0.99995: 1 - (1 - 0.8^5)^25."""
COMMON = 0.1
"""The share of texts from which a run that they share counts as an instruction."""
FEW = 50
"""Among fewer texts no run counts as common."""
LONGEST = 100_000
"""Characters of a text that are compared."""
_SEED = 20_240_601
_FACTORS = (
    0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)  # fmt: skip
"""Odd numbers by which the characters of a run are told apart by place."""


def canonical(text: str) -> str:
    """The text without what does not matter: case, width of characters, white space."""
    return " ".join(unicodedata.normalize("NFKC", text[:LONGEST]).casefold().split())


def clusters(texts: Sequence[str], alike: float = ALIKE) -> list[int]:
    """Of each text, the number of its cluster: near-duplicates share one, and so do chains."""
    plain = [canonical(text) for text in texts]
    different = {text: place for place, text in enumerate(dict.fromkeys(plain))}
    roots = _joined(list(different), alike)
    return [roots[different[text]] for text in plain]


def _joined(texts: list[str], alike: float) -> list[int]:
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not texts:
        return []
    sets = _distinctive([_runs(text) for text in texts])
    pairs = [pair for pair in _proposed(sets) if _index(sets[pair[0]], sets[pair[1]]) >= alike]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    ones = np.ones(len(ends), dtype=np.int8)
    graph = coo_array((ones, (ends[:, 0], ends[:, 1])), shape=(len(texts), len(texts)))
    _, labels = connected_components(graph, directed=False)
    return [int(label) for label in labels]


def _runs(text: str) -> Any:
    """The hashes of all runs of five characters, each once, in order."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(codes) < RUN:
        codes = np.pad(codes, (0, RUN - len(codes)))
    length = len(codes) - RUN + 1
    made = np.zeros(length, dtype=np.uint64)
    for place, factor in enumerate(_FACTORS):
        made += codes[place : place + length] * np.uint64(factor)
    made ^= made >> np.uint64(31)
    return np.unique(made * np.uint64(_FACTORS[0]))


def _distinctive(sets: list[Any]) -> list[Any]:
    """The sets without runs that many texts share; one that has no others is left as it is."""
    import numpy as np

    if len(sets) < FEW:
        return sets
    runs, counts = np.unique(np.concatenate(sets), return_counts=True)
    common = runs[counts > COMMON * len(sets)]
    if not len(common):
        return sets
    rest = [np.setdiff1d(one, common, assume_unique=True) for one in sets]
    return [less if len(less) else one for less, one in zip(rest, sets, strict=True)]


def _proposed(sets: list[Any]) -> Iterator[tuple[int, int]]:
    """Pairs of neighbours among the texts whose signatures agree in some band, each pair once."""
    import numpy as np
    from rensa import RMinHash

    hashes = [one.tolist() for one in sets]
    matrix = RMinHash.digest_matrix_from_token_hash_sets(hashes, BANDS * IN_BAND, _SEED)
    rows = np.array(matrix.to_rows(), dtype=np.uint32).reshape(len(sets), BANDS, IN_BAND)
    seen: set[tuple[int, int]] = set()
    for band in range(BANDS):
        keys = np.ascontiguousarray(rows[:, band]).view([("", np.uint32)] * IN_BAND).ravel()
        order = np.argsort(keys, kind="stable")
        same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
        seen.update(zip(order[same].tolist(), order[same + 1].tolist(), strict=True))
    yield from sorted(seen)


def _index(one: Any, other: Any) -> float:
    import numpy as np

    shared = np.intersect1d(one, other, assume_unique=True).size
    return float(shared / (len(one) + len(other) - shared))
