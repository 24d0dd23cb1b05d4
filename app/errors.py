"""What can go wrong in a use case, in words for people; the edges turn these into answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with what was given: where, and what to do about it."""

    where: str
    message: str


class Invalid(ValueError):
    """What was given cannot be accepted; ``problems`` names every field at once."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{item.where}: {item.message}" for item in self.problems))


class NotFound(LookupError):
    """There is no such thing; ``what`` names it."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"There is no {what}.")


class Conflict(Exception):
    """The request cannot be carried out as things stand."""


class AgainstAdvice(Conflict):
    """The advice speaks against it, and no reason to go on is given; ``problems`` names why."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "The advice for this case speaks against training. Say why to go on (override_reason); "
            "the reason is kept with the job."
        )


class Stale(Conflict):
    """The thing was changed by somebody else since it was read."""


class KeyReused(Conflict):
    """An idempotency key was already used for a request with other content."""


class WrongOffset(Conflict):
    """Content was sent for another place than where the file ends; ``right`` is that place."""

    def __init__(self, right: int) -> None:
        self.right = right
        super().__init__(f"The file has {right:,} bytes so far: send what follows from there.")


class StorageFull(Exception):
    """There is no room to store what was sent; nothing of it was kept."""
