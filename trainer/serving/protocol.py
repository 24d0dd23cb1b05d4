"""What the model server is told, and what it tells: JSON objects, one a line. Light to import."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MOST_TOP = 20
"""Alternatives of a token that are told at most."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- what it is told --------------------------------------------------------------------------


class Ask(_Shape):
    """Continue a chat, ``choices`` times."""

    do: Literal["ask"] = "ask"
    id: str
    """Chosen by whoever asks; every answer carries it."""
    model: str
    """Base model: an id of the catalogue, a folder, or a hub name."""
    revision: str = ""
    adapter: str = ""
    """Folder of an adapter, or of full weights; empty for the base itself."""
    messages: list[dict[str, Any]]
    """As the model's chat template takes them."""
    tools: list[dict[str, Any]] | None = None
    choices: int = Field(default=1, ge=1, le=128)
    most_tokens: int | None = Field(default=None, ge=1)
    """None: as many as the context holds."""
    most_read: int | None = Field(default=None, ge=1)
    """Tokens of the question that a classifier reads; None: as many as its tokenizer says."""
    temperature: float = Field(default=1.0, ge=0)
    """0: always the likeliest token."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = None
    """The same seed, model and request give the same text, up to the rounding of a batch."""
    stop: tuple[str, ...] = ()
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    bias: dict[int, float] = Field(default_factory=dict)
    """Token id -> what is added to its logit."""
    chances: bool = False
    """Whether the log-probability of each token is told, as the model has it: before temperature,
    penalties and bias."""
    top: int = Field(default=0, ge=0, le=MOST_TOP)


class Cancel(_Shape):
    """Nobody waits for these answers any more."""

    do: Literal["cancel"] = "cancel"
    id: str


Order = Annotated[Ask | Cancel, Field(discriminator="do")]
ORDER: TypeAdapter[Ask | Cancel] = TypeAdapter(Order)

# --- what it tells ----------------------------------------------------------------------------


class Alternative(_Shape):
    """A token and its log-probability in nats."""

    text: str
    chance: float
    whole: bool = True
    """False where the token is only a part of a character."""


class Chance(Alternative):
    """A token that was written, and the likeliest ones at its place."""

    top: tuple[Alternative, ...] = ()


class Piece(_Shape):
    """Text that follows. With ``chances``, each token of it, and of what was held back before."""

    kind: Literal["piece"] = "piece"
    id: str
    choice: int
    text: str
    chances: tuple[Chance, ...] = ()


class Ended(_Shape):
    """A choice is complete."""

    kind: Literal["ended"] = "ended"
    id: str
    choice: int
    reason: Literal["stop", "length"]


class Done(_Shape):
    """Every choice is complete: the last answer to a request."""

    kind: Literal["done"] = "done"
    id: str
    prompt_tokens: int
    completion_tokens: int


RefusalCode = Literal[
    "bad_request",
    "too_long",
    "missing_model",
    "unsupported_model",
    "out_of_memory",
    "busy",
    "failed",
]


class Refused(_Shape):
    """It cannot be done: the last answer to a request."""

    kind: Literal["refused"] = "refused"
    id: str
    code: RefusalCode
    words: str


Answer = Annotated[Piece | Ended | Done | Refused, Field(discriminator="kind")]
ANSWER: TypeAdapter[Piece | Ended | Done | Refused] = TypeAdapter(Answer)
