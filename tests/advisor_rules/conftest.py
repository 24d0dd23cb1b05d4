"""What the tests of the rules share: fresh folders and the two rulebooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor_rules import default_rulebook
from advisor_rules.rulebook import Rulebook
from tests.advisor_rules.little import little_rulebook


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a maker of empty folders, also for tests that run many times."""
    return lambda: tmp_path_factory.mktemp("rules")


@pytest.fixture(scope="session")
def little(fresh: Callable[[], Path]) -> Rulebook:
    return little_rulebook(fresh())


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return default_rulebook()
