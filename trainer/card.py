"""The model card: what was trained on what, how it went, whether it helped, and what it is not for.

Written as ``README.md`` beside the weights, with the head that model hubs read. Whatever people or
data may have put into a name is written as text, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from trainer.context import Run
from trainer.contract import Comparison, Parity, Stage, Verdict, write_whole
from trainer.events import read_events
from trainer.models import find_model

CARD, CURVES = "README.md", "curves.svg"
WIDTH, HEIGHT, EDGE = 640, 220, 36
MOST_POINTS = 400
Point = tuple[float, float]


def write_cards(run: Run, serve: dict[str, str], parity: Parity | None = None) -> Path:
    """Write the card into the adapter's folder and the merged one's; where the first lies."""
    text, curves = card(run, serve, parity), curves_of(run)
    for folder in (run.folder.adapter, run.folder.merged):
        if folder.is_dir():
            write_whole(folder / CURVES, curves)
            write_whole(folder / CARD, text)
    return run.folder.adapter / CARD


def card(run: Run, serve: dict[str, str], parity: Parity | None = None) -> str:
    """The card as Markdown."""
    title = _text(run.spec.name or "Tuned model")
    parts = [
        f"---\n{_head(run)}---\n",
        f"# {title}\n",
        _about(run),
        "## Did it help?\n",
        _verdict(_stage(run, "evaluate")),
        "## Training\n",
        f"![Loss by step]({CURVES})\n",
        _training(run),
        "## Parity of what was exported\n",
        _parity(parity),
        "## Serving\n",
        "From the folder that holds `adapter` and `merged`:\n",
        *[f"{tool}:\n\n```sh\n{_moved(run, line)}\n```\n" for tool, line in serve.items()],
        "## Limits\n",
        _limits(run),
        "## Spec\n",
        f"````json\n{_spec(run)}\n````\n",
    ]
    return "\n".join(parts)


def _stage(run: Run, stage: Stage) -> dict[str, Any]:
    """What a stage left; nothing where it has not run."""
    path = run.folder.stages / f"{stage}.json"
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["result"] or {}
    return found


def _spec(run: Run) -> str:
    """What was asked for, without where on this machine the base lies."""
    return run.spec.model_copy(update={"model": _base(run)}).model_dump_json(indent=2)


def _moved(run: Run, command: str) -> str:
    """A command as it works elsewhere: the card is taken away with the weights."""
    source = find_model(run.spec.model, run.spec.revision).source
    return command.replace(f"{run.folder.root}/", "./").replace(source, _base(run))


def _base(run: Run) -> str:
    """The base's name on a hub, or in the list of models, or of its folder."""
    found = find_model(run.spec.model, run.spec.revision)
    if found.entry:
        return found.entry.hub or found.entry.id
    return Path(run.spec.model).name if found.local else run.spec.model


def _head(run: Run) -> str:
    entry = find_model(run.spec.model, run.spec.revision).entry
    adapter = (run.folder.adapter / "adapter_config.json").is_file()
    known = {
        "base_model": _base(run),
        "license": entry.licence.lower() if entry and entry.licence else "other",
        "library_name": "peft" if adapter else "transformers",
        "tags": [run.spec.method, "lora" if adapter else "full"],
    }
    return str(yaml.safe_dump(known, sort_keys=False, allow_unicode=True))


def _about(run: Run) -> str:
    found = find_model(run.spec.model, run.spec.revision)
    licence = found.entry.licence if found.entry and found.entry.licence else ""
    prepared = _stage(run, "prepare")
    rows = [
        ("Base model", _text(found.entry.title if found.entry else _base(run))),
        ("Licence of the base", licence or "not known here: look it up before you pass this on"),
        ("Method", run.spec.method),
        ("Data (SHA-256)", prepared.get("data_hash") or "not recorded"),
        ("Weights (SHA-256)", _stage(run, "train").get("weights_hash") or "not recorded"),
        ("Trained on", f"{_text(run.device.name)} ({run.device.kind}, {run.device.dtype})"),
    ]
    return _table(("", ""), rows)


def _verdict(found: dict[str, Any]) -> str:
    if not found:
        return "Not measured.\n"
    verdict = Verdict.model_validate(found)
    rows = [_compared(item) for item in verdict.comparisons]
    head = ("measure", "items", "base", "tuned", "difference (95% interval)", "p")
    return f"{verdict.because}\n\n" + (_table(head, rows) if rows else "")


def _compared(item: Comparison) -> tuple[str, ...]:
    shown = _percent if item.unit == "share" else _plain
    between = f"{shown(item.low)} to {shown(item.high)}"
    return (
        item.measure,
        f"{item.n:,}",
        shown(item.base),
        shown(item.tuned),
        f"{shown(item.difference)} ({between})",
        "" if item.p is None else f"{item.p:.2g}",
    )


def _training(run: Run) -> str:
    figures = _stage(run, "train")
    names = {
        "steps": "steps",
        "epochs": "epochs",
        "seconds": "seconds",
        "tokens": "tokens read",
        "first_loss": "loss of the first step",
        "last_loss": "loss of the last step",
        "trained_parameters": "trained parameters",
        "parameters": "all parameters",
    }
    rows = [(words, _plain(figures[key])) for key, words in names.items() if figures.get(key)]
    calibration = figures.get("calibration")
    if calibration:
        before, after = calibration["before"], calibration["after"]
        rows += [
            ("temperature, in the head's weights", _plain(calibration["temperature"])),
            ("calibration error (ECE)", f"{before['ece']:.3f} before, {after['ece']:.3f} after"),
            ("Brier score", f"{before['brier']:.3f} before, {after['brier']:.3f} after"),
        ]
    return _table(("", ""), rows) if rows else "No figures were kept.\n"


def _parity(parity: Parity | None) -> str:
    if parity is None:
        return "Not measured.\n"
    words = (
        f"Largest difference of a log-probability: {parity.worst:.2g} nats in {parity.dtype}; "
        f"allowed are {parity.tolerance:g}."
    )
    if parity.agrees:
        return f"What was exported answers alike. {words}\n"
    listed = "\n".join(f"- {_text(item)}" for item in parity.differences)
    return f"What was exported does not answer alike. {words}\n\n{listed}\n"


def _limits(run: Run) -> str:
    train = _stage(run, "prepare").get("rows", {})
    count = train.get("train") if isinstance(train, dict) else None
    seen = f"on {count:,} examples" if isinstance(count, int) else "on the examples of its job"
    return (
        f"- It was trained {seen} and measured on held-out ones of the same kind; on others it may "
        "do worse than its base.\n"
        "- Training teaches form. Facts that it was not given may be made up, as by its base.\n"
        "- What it refuses was measured only where the table has a row `safety`.\n"
        "- The licence of the base model holds for these weights too.\n"
    )


# --- curves -----------------------------------------------------------------------------------


def curves_of(run: Run) -> str:
    """Loss by step as a small SVG: training as a line, validation as dots."""
    train: list[Point] = []
    validation: list[Point] = []
    for event in read_events(run.folder.events):
        loss = event.data.get("loss")
        if event.step is not None and isinstance(loss, int | float):
            if event.kind == "metric":
                train.append((event.step, float(loss)))
            elif event.kind == "validation":
                validation.append((event.step, float(loss)))
    return _svg(_thinned(train), validation)


def _thinned(points: list[Point]) -> list[Point]:
    """At most so many points, each the mean of its neighbours."""
    size = -(-len(points) // MOST_POINTS) or 1
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [
        (sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts
    ]


def _svg(train: list[Point], validation: list[Point]) -> str:
    both = train + validation
    right = max((x for x, _ in both), default=1.0) or 1.0
    top = max((y for _, y in both), default=1.0) or 1.0

    def place(point: Point) -> Point:
        x = EDGE + point[0] / right * (WIDTH - 2 * EDGE)
        return round(x, 1), round(HEIGHT - EDGE - point[1] / top * (HEIGHT - 2 * EDGE), 1)

    line = " ".join(f"{x},{y}" for x, y in map(place, train))
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="3" fill="#b3541e"/>' for x, y in map(place, validation)
    )
    floor, end = HEIGHT - EDGE, WIDTH - EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>Loss by step: training as a line, '
        f'validation as dots</title><path d="M{EDGE} {EDGE}V{floor}H{end}" fill="none" '
        f'stroke="#767676"/><polyline points="{line}" fill="none" stroke="#1d5a8a" '
        f'stroke-width="1.5"/>{dots}<text x="{EDGE}" y="{EDGE - 8}">loss {top:.3g}</text>'
        f'<text x="{end}" y="{HEIGHT - 12}" text-anchor="end">step {right:g}</text></svg>\n'
    )


# --- writing ----------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell for cell in line) + " |\n" for line in lines)


def _text(given: str) -> str:
    """Words of others as one line of plain text, whatever marks they hold."""
    shown = " ".join(given.split())[:300]
    marks = "\\`*_{}[]()#+!|<>~"
    return "".join(f"\\{letter}" if letter in marks else letter for letter in shown)


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"
