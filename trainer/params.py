"""Settings of methods: what each is called, where its default comes from, and its bounds."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

P = TypeVar("P", bound="Params")


class Params(BaseModel):
    """Settings of a method: each has a title, a description, bounds, and its default's sources.

    ``json_schema_extra={"sources": [...]}`` names ids of the rulebook's sources.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def setting(default: Any, title: str, description: str, *sources: str, **bounds: Any) -> Any:
    """A field of `Params` with the sources of its default."""
    return Field(
        default,
        title=title,
        description=description,
        json_schema_extra={"sources": list(sources)},
        **bounds,
    )


class TrainingParams(Params):
    """What every method that trains by gradient has."""

    learning_rate: float = setting(
        2e-4,
        "Learning rate",
        "How far each step goes. About ten times less where all weights are trained.",
        "LWR",
        "UNS",
        "WSH",
        gt=0,
        le=1,
    )
    epochs: float | None = setting(
        None,
        "Epochs",
        "How often every row is seen. Empty: by the number of rows, fewer of them more often.",
        "AZ-hp",
        gt=0,
        le=1000,
    )
    batch_size: int = setting(
        16,
        "Rows a step",
        "How many rows each step learns from. Adapters learn worse from 32 and more.",
        "TRL",
        ge=1,
        le=4096,
    )
    micro_batch_size: int = setting(
        8,
        "Rows at once",
        "How many of them the device holds at a time: fewer take less memory and more time.",
        ge=1,
        le=4096,
    )
    max_length: int = setting(
        1024,
        "Longest row",
        "In tokens; what is beyond is cut off.",
        ge=8,
        le=1_048_576,
    )
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] = setting(
        "linear", "Schedule", "How the learning rate falls over the run."
    )
    warmup: float = setting(
        0.03,
        "Warm-up",
        "The share of steps over which the learning rate rises from 0.",
        "QLR",
        ge=0,
        lt=1,
    )
    weight_decay: float = setting(
        0.0, "Weight decay", "Pulls weights to 0 at every step.", ge=0, le=1
    )
    adam_beta2: float = setting(
        0.999,
        "Memory of the optimizer",
        "How slowly Adam forgets the size of gradients; less for short runs at a high rate.",
        gt=0,
        lt=1,
    )
    max_grad_norm: float = setting(
        1.0, "Longest gradient", "Longer ones are shortened to this.", gt=0, le=1000
    )
    checkpoint_steps: int = setting(
        0,
        "Steps between checkpoints",
        "Each keeps all that is needed to go on, and shows validation loss and samples. "
        "0: about ten in a run.",
        ge=0,
        le=1_000_000,
    )
    samples: int = setting(
        2, "Samples", "How many answers are shown at each checkpoint.", ge=0, le=20
    )


def epochs_for(rows: int) -> float:
    """How often each row is seen where nobody says: Azure's guide by number of rows (AZ-hp).

    Under 100 rows 3 to 5 times, to 500 2 to 3, to 2,000 1 to 2, and once beyond.
    """
    return next(
        (times for most, times in ((100, 4.0), (500, 3.0), (2000, 2.0)) if rows < most), 1.0
    )


def settings_of(kind: type[P], method: str, given: dict[str, Any]) -> P:
    """The settings of a method as they were given.

    Raises:
        RunFailure: ``bad_spec``, which names every one that is none.
    """
    from trainer.failures import RunFailure

    try:
        return kind(**given)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RunFailure("bad_spec", f"Settings of {method}. " + "; ".join(lines)) from error
