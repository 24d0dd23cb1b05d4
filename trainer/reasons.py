"""Turns whatever went wrong into a reason in plain words."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from trainer.contract import Failure
from trainer.failures import RunFailure
from trainer.log_tail import without_secrets

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FULL_WORDS = (
    "no space left on device",
    "disk quota exceeded",
    "file too large",
    "pytorchstreamwriter failed writing",
)
MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")
DISK_FULL = (
    "The disk is full. Make room where the runs are kept and try again: the run goes on from its "
    "last checkpoint."
)
OUT_OF_MEMORY = (
    "The device ran out of memory. Take fewer rows at once (micro_batch_size), a shorter longest "
    "row (max_length), or a smaller base model, and try again."
)


def failure_of(error: BaseException, tail: str = "") -> Failure:
    """Why a run ended, for whoever launched it."""
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, RunFailure):
            return Failure(code=one.code, words=without_secrets(one.words), tail=tail)
    if any(_is_full(one) for one in chain):
        return Failure(code="disk_full", words=DISK_FULL, tail=tail)
    if any(_is_memory(one) for one in chain):
        return Failure(code="out_of_memory", words=OUT_OF_MEMORY, tail=tail)
    for one in chain:
        if isinstance(one, ModuleNotFoundError):
            words = f"The package {one.name} is not installed where the run works: install it."
            return Failure(code="missing_package", words=words, tail=tail)
    said = without_secrets(" ".join(str(error).split())[:500])
    words = f"The run ended with an error of the program: {type(error).__name__}: {said}"
    return Failure(code="crashed", words=words, tail=tail)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return any(words in str(error).lower() for words in FULL_WORDS)


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(
        words in str(error).lower() for words in MEMORY_WORDS
    )
