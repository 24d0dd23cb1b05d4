"""A language model as second opinion on records that stay uncertain, calibrated by people's labels.

An opinion of a judge that is not calibrated is shown and does not count. ``evidence.judge.client``,
which asks the model, needs the extra ``judge``; everything else does without.
"""

from evidence.judge.calibration import Calibration, Rates, calibrate, corrected_share
from evidence.judge.opinion import Opinion
from evidence.judge.prompt import Prompt, default_prompt
from evidence.judge.signals import observations

__all__ = [
    "Calibration",
    "Opinion",
    "Prompt",
    "Rates",
    "calibrate",
    "corrected_share",
    "default_prompt",
    "observations",
]
