"""The numbers that data is held against are the rulebook's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import advisor_rules
import trainer.dataset.checks
from advisor_rules import default_rulebook
from trainer.dataset.thresholds import FILE, examples_for, number

RULEBOOK = Path(advisor_rules.__file__).parent / "knowledge"
NAMES = sorted(yaml.safe_load(FILE.read_text(encoding="utf-8"))["numbers"])


@pytest.mark.parametrize("name", NAMES)
def test_value_and_sources_are_those_in_force(name: str) -> None:
    (entry,) = (item for item in yaml.safe_load((RULEBOOK / "thresholds.yaml").read_text("utf-8"))
                if item["id"] == name)  # fmt: skip
    latest = max(entry["values"], key=lambda value: str(value["since"]))
    assert number(name).value == latest["value"] == default_rulebook().limits(
        default_rulebook().latest())[name]  # fmt: skip
    assert number(name).sources == tuple(cite["source"] for cite in latest["cites"])


def test_every_method_named_has_its_numbers() -> None:
    assert [limit.id for limit in examples_for("sft").values()] == ["sft_floor", "sft_pilot",
                                                                    "sft_normal"]  # fmt: skip
    assert examples_for("unheard of") == {}


def test_every_source_that_a_check_names_is_one_of_the_rulebook() -> None:
    known = {item["id"] for item in yaml.safe_load((RULEBOOK / "sources.yaml").read_text("utf-8"))}
    folder = Path(next(iter(trainer.dataset.checks.__path__)))
    named = {
        source
        for path in folder.glob("*.py")
        for group in re.findall(r"sources=\(([^)]*)\)", path.read_text("utf-8"))
        for source in re.findall(r'"([^"]+)"', group)
    }
    assert named
    assert named <= known
