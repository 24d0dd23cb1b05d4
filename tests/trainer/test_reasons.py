from __future__ import annotations

import errno

import pytest
import torch

from trainer.failures import RunFailure
from trainer.reasons import failure_of


def test_a_failure_keeps_its_code_and_words_wherever_it_was_raised() -> None:
    try:
        try:
            raise RunFailure("missing_model", "There is no such model.")
        except RunFailure as error:
            raise RuntimeError("while loading") from error
    except RuntimeError as error:
        failure = failure_of(error, "the tail")
    assert (failure.code, failure.words, failure.tail) == (
        "missing_model",
        "There is no such model.",
        "the tail",
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_without_room_is_called_full(number: int) -> None:
    assert failure_of(OSError(number, "cannot write")).code == "disk_full"


def test_memory_that_torch_is_refused_is_called_by_its_name() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 60, dtype=torch.uint8)
    failure = failure_of(refused.value)
    assert failure.code == "out_of_memory"
    assert "micro_batch_size" in failure.words


def test_a_package_that_is_absent_is_named() -> None:
    with pytest.raises(ModuleNotFoundError) as absent:
        import bits_and_bobs  # type: ignore[import-not-found]  # noqa: F401
    failure = failure_of(absent.value)
    assert failure.code == "missing_package"
    assert "bits_and_bobs" in failure.words


def test_anything_else_is_a_crash_that_tells_no_secret() -> None:
    failure = failure_of(ValueError("bad token=abcdef123456"))
    assert failure.code == "crashed"
    assert "ValueError" in failure.words
    assert "abcdef123456" not in failure.words
