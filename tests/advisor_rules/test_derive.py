from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.conditions import Columns, allowed_values
from advisor_rules.derive import DERIVATIONS, adapter_that_fits, derived_column, fits_window
from advisor_rules.rulebook import Rulebook

ORDER = ("none", "qlora", "lora")


@pytest.mark.parametrize(
    ("corpus", "window", "fits"),
    [(96_000, 128_000, True), (96_001, 128_000, False), (0, 256, True), (10**9, 10**6, False)],
)
def test_documents_fit_three_quarters_of_the_window(corpus: int, window: int, fits: bool) -> None:
    assert fits_window(corpus, window) is fits


@pytest.mark.parametrize(
    ("billions", "memory", "adapter"),
    [
        (7.0, 24.0, "lora"),
        (8.0, 24.0, "qlora"),
        (13.0, 24.0, "qlora"),
        (70.0, 80.0, "qlora"),
        (70.0, 24.0, "none"),
        (0.1, 0.0, "none"),
    ],
)
def test_which_adapter_fits_the_memory(billions: float, memory: float, adapter: str) -> None:
    assert adapter_that_fits(billions, memory) == adapter


@given(
    billions=st.floats(0.001, 1000),
    memory=st.floats(0, 2000),
    more=st.floats(0, 1000),
)
def test_more_memory_or_a_smaller_model_never_hurts(
    billions: float, memory: float, more: float
) -> None:
    now = ORDER.index(adapter_that_fits(billions, memory))

    assert ORDER.index(adapter_that_fits(billions, memory + more)) >= now
    assert ORDER.index(adapter_that_fits(billions + more, memory)) <= now


def test_samples_reach_every_value_of_the_derived_fact(book: Rulebook) -> None:
    for derivation in DERIVATIONS:
        inputs = [derivation.samples[name] for name in derivation.inputs]
        reached = {derivation.make(*values) for values in product(*inputs)}

        assert reached == set(allowed_values(book.facts[derivation.fact]))
        assert book.facts[derivation.fact].derived


def test_a_derived_fact_is_unknown_while_an_input_is() -> None:
    window = next(item for item in DERIVATIONS if item.fact == "corpus_fits_window")
    columns: Columns = {
        "corpus_tokens": {1_000: 0b011},
        "context_window_tokens": {8_000: 0b001, 512: 0b110},
    }

    assert derived_column(window, columns) == {True: 0b001, False: 0b010}
    assert derived_column(window, {"corpus_tokens": {1_000: 1}}) == {}
