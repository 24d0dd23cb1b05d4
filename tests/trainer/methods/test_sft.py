from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from advisor_rules import default_rulebook
from trainer.loop import course
from trainer.methods._base import methods
from trainer.methods.sft import Params
from trainer.params import epochs_for


def test_every_method_is_found_by_folder_with_its_settings() -> None:
    found = methods()
    assert "sft" in found
    for name, module in found.items():
        assert name == module.NAME
        assert module.TITLE
        for field in module.Params.model_fields.values():
            assert field.title
            assert field.description


def test_sources_of_defaults_are_those_of_the_rulebook() -> None:
    known = set(default_rulebook().sources)
    for module in methods().values():
        for name, field in module.Params.model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict), name
            sources: Any = extra["sources"]
            assert set(sources) <= known, name


def test_all_weights_are_trained_more_slowly_unless_somebody_says_so() -> None:
    assert Params().learning_rate == pytest.approx(2e-4)
    assert Params(adapter="full").learning_rate == pytest.approx(2e-5)
    assert Params(adapter="full", learning_rate=1e-3).learning_rate == pytest.approx(1e-3)


@pytest.mark.parametrize(
    "wrong", [{"rank": 0}, {"learning_rate": 0}, {"adapter": "magic"}, {"colour": 1}, {"warmup": 1}]
)
def test_settings_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(**wrong)


def test_fewer_rows_are_seen_more_often() -> None:
    assert [epochs_for(rows) for rows in (50, 100, 499, 1999, 2000, 10**6)] == [4, 3, 3, 2, 1, 1]


def test_a_course_covers_every_row_of_every_epoch() -> None:
    way = course(Params(batch_size=8, micro_batch_size=4, epochs=3), 50)
    assert (way.micro, way.accumulate) == (4, 2)
    assert way.steps == 3 * 7
    assert course(Params(), 5).micro == 5
    assert course(Params(checkpoint_steps=6), 50).every == 6
