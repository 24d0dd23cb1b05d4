"""What all tests share: how Hypothesis looks for counterexamples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,  # the machine may be busy with other tests
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",  # there, only a change may turn a test red
)
settings.load_profile("house")
