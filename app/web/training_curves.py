"""The curves of a training run: drawn, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.drawing.curve import Axes, Line, Point, curves, figure, table
from app.storage import TrainEvent, TrainJob
from app.training.events import curve

UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3), ("bytes", 1))


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured at each step, and how it is drawn."""

    key: str
    title: str
    unit: str
    about: str
    from_zero: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """A drawn curve, with the same as a table."""

    id: str
    title: str
    about: str
    picture: Markup
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """A step, and a value of each line there, in words."""


LOSS = Measured(
    "loss", "Loss", "loss (nats a token)", "How surprised the model is by the right answers.", False
)
OTHERS = (
    Measured("learning_rate", "Learning rate", "learning rate", "How far each step may move."),
    Measured("tokens_per_second", "Speed", "tokens a second", "How fast it trains."),
    Measured("memory_bytes", "Memory", "", "The most that was in use so far."),
    Measured("grad_norm", "Size of gradients", "norm", "Spikes say that training is unsteady."),
)
TRAINING, VALIDATION = "Training", "Validation"


@dataclass(frozen=True, slots=True)
class Told:
    """What a run told at its steps, thinned for drawing."""

    steps: Sequence[TrainEvent]
    validations: Sequence[TrainEvent]
    last: int | None

    def line(self, label: str, key: str) -> Line:
        """One figure of every step."""
        return Line(label, points(self.steps, key))

    def validation(self, label: str) -> Line:
        """The loss on what is not trained on."""
        return Line(label, points(self.validations, "loss"))


def told(session: Session, job: TrainJob) -> Told:
    """What a run told at its steps."""
    steps, validations = (curve(session, job.id, kind, 400) for kind in ("metric", "validation"))
    return Told(steps, validations, job.total_steps)


def curves_of(run: Told) -> list[Curve]:
    """The curves of one run; those of which nothing was measured are left out."""
    loss = [run.line(TRAINING, "loss"), run.validation(VALIDATION)]
    found = [
        drawn(LOSS, [line for line in loss if line.points or line.label == TRAINING], run.last)
    ]
    found += [drawn(item, [run.line(item.title, item.key)], run.last) for item in OTHERS]
    return [item for item in found if item.rows]


def compared_curves(runs: Sequence[tuple[str, Told]]) -> list[Curve]:
    """Curves of several runs over each other."""
    last = max((run.last or 0 for _, run in runs), default=0) or None
    training = [run.line(label, "loss") for label, run in runs]
    validation = [run.validation(label) for label, run in runs]
    named = (
        (LOSS, "Training loss", "loss", training),
        (LOSS, "Validation loss", "validation", validation),
        *(
            (item, item.title, item.key, [run.line(label, item.key) for label, run in runs])
            for item in OTHERS[:3]
        ),
    )
    drawn_ones = [drawn(item, lines, last, title, name) for item, title, name, lines in named]
    return [item for item in drawn_ones if item.rows]


def drawn(
    measured: Measured,
    lines: Sequence[Line],
    last: int | None,
    title: str = "",
    name: str = "",
) -> Curve:
    """One curve as picture and table."""
    unit, lines = _scaled(measured, lines)
    axes = Axes(unit, last=last, from_zero=measured.from_zero)
    name, title = name or measured.key, title or measured.title
    rows = tuple(
        (f"{step:,}", tuple("" if value is None else figure(value) for value in values))
        for step, values in table(lines)
    )
    picture = curves(lines, axes, f"curve-{name.replace('_', '-')}", title)
    heads = tuple(line.label for line in lines) if len(lines) > 1 else (unit,)
    return Curve(name, title, measured.about, picture, heads, rows)


def points(events: Sequence[TrainEvent], key: str) -> list[Point]:
    """Steps and values of one figure, where it is a number."""
    return list(_points(events, key))


def _points(events: Sequence[TrainEvent], key: str) -> Iterator[Point]:
    for event in events:
        value = event.data.get(key)
        if event.step is not None and isinstance(value, int | float):
            yield event.step, float(value)


def _scaled(measured: Measured, lines: Sequence[Line]) -> tuple[str, list[Line]]:
    """The unit of the upright axis, and the lines in it: bytes become what reads well."""
    if measured.key != "memory_bytes":
        return measured.unit, list(lines)
    most = max((value for line in lines for _, value in line.points), default=0)
    unit, size = next((unit for unit in UNITS if most >= unit[1]), UNITS[-1])
    return unit, [
        Line(line.label, [(step, value / size) for step, value in line.points]) for line in lines
    ]
