"""How far a judge can be trusted: its rates against people's labels, and shares corrected for them.

A judge that finds more or fewer failures than there are makes every share wrong by as much; with
its true and false positive rates known, the share can be set right (Rogan & Gladen 1978, Estimating
prevalence from the results of a screening test, American Journal of Epidemiology 107: 71-76).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor_rules.load import default_rulebook
from evidence.stats import CONFIDENCE, Share, wilson

Axes = tuple[bool | None, bool | None]
"""Whether facts are wrong, whether form is wrong; None where not measured or not told."""
LABELS: dict[str, Axes] = {
    "information": (True, False),
    "behavior": (False, True),
    "both": (True, True),
    "neither": (False, False),
}
DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    """How a judge does on one axis; a rate is None where no label allows to measure it."""

    true_positive: Share | None
    """Of what people call wrong, how much the judge calls wrong."""
    false_positive: Share | None
    """Of what people call right, how much the judge calls wrong."""

    @property
    def informative(self) -> bool:
        """Whether the judge says "wrong" more often where something is wrong."""
        found, false = self.true_positive, self.false_positive
        return found is not None and false is not None and found.share > false.share


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge measured against people's labels; ``n`` pairs, of which ``needed`` must be there."""

    of: str
    """Which judge, as ``Opinion.judge`` says it."""
    n: int
    needed: int
    information: Rates
    behavior: Rates

    @property
    def enough(self) -> bool:
        """Whether there are as many labels as it takes."""
        return self.n >= self.needed

    @property
    def facts_count(self) -> bool:
        """Whether the judge's word on facts counts."""
        return self.enough and self.information.informative

    @property
    def form_counts(self) -> bool:
        """Whether the judge's word on form counts."""
        return self.enough and self.behavior.informative


def labels_needed() -> int:
    """Human labels from which a judge counts, from the rulebook's thresholds."""
    book = default_rulebook()
    return int(book.limits(book.latest())["judge_labels"])


def calibrate(
    human: Sequence[str | Axes],
    judge: Sequence[str | Axes | None],
    *,
    of: str,
    needed: int | None = None,
) -> Calibration:
    """Measure a judge against people's labels of the same records, in the same order.

    Labels are ``information``, ``behavior``, ``both``, ``neither``, or axes; other labels and None
    are not measured, and such pairs are left out. ``of`` says which judge it is, as
    ``Opinion.judge`` does. Raises ValueError for unequal lengths.
    """
    if len(human) != len(judge):
        raise ValueError(f"{len(human)} human labels and {len(judge)} of the judge")
    pairs = [(_axes(truth), _axes(said)) for truth, said in zip(human, judge, strict=True)]
    used = [pair for pair in pairs if None not in pair[0] and pair[1] != (None, None)]
    return Calibration(
        of=of,
        n=len(used),
        needed=labels_needed() if needed is None else needed,
        information=_rates((truth[0], said[0]) for truth, said in used),
        behavior=_rates((truth[1], said[1]) for truth, said in used),
    )


def _axes(label: str | Axes | None) -> Axes:
    if label is None or isinstance(label, str):
        return LABELS.get(label or "", (None, None))
    return label


def _rates(pairs: Iterable[tuple[bool | None, bool | None]]) -> Rates:
    told = [(truth, said) for truth, said in pairs if said is not None]
    positive = [said for truth, said in told if truth]
    negative = [said for truth, said in told if not truth]
    return Rates(wilson(sum(positive), len(positive)), wilson(sum(negative), len(negative)))


def corrected_share(
    observed: Share | None,
    true_positive: Share | None,
    false_positive: Share | None,
    *,
    seed: int = 0,
) -> Share | None:
    """The share of failures behind the share that a judge reports, with its 95% interval.

    (observed - fpr) / (tpr - fpr), cut to [0, 1]; None, not measured, where a rate is missing or
    tpr <= fpr. The interval is a parametric bootstrap: 10,000 draws of all three shares from their
    Beta posteriors under Jeffreys' prior, with a fixed seed, so it holds the uncertainty of the
    rates too; a draw in which the rates say nothing counts for both ends. ``count`` and ``n`` are
    those of the observed share.
    """
    if observed is None or true_positive is None or false_positive is None:
        return None
    if true_positive.share <= false_positive.share:
        return None
    gap = true_positive.share - false_positive.share
    value = min(1.0, max(0.0, (observed.share - false_positive.share) / gap))
    low, high = _interval((observed, true_positive, false_positive), seed)
    return Share(observed.count, observed.n, value, min(low, value), max(high, value))


def _interval(shares: tuple[Share, Share, Share], seed: int) -> tuple[float, float]:
    import numpy as np

    dice = np.random.default_rng(seed)
    seen, found, false = (
        dice.beta(share.count + 0.5, share.n - share.count + 0.5, DRAWS) for share in shares
    )
    gap = found - false
    silent = gap <= 0
    drawn = np.clip((seen - false) / np.where(silent, 1.0, gap), 0.0, 1.0)
    tail = (1 - CONFIDENCE) / 2
    low = np.quantile(np.where(silent, 0.0, drawn), tail)
    high = np.quantile(np.where(silent, 1.0, drawn), 1 - tail)
    return float(low), float(high)
