"""Base and tuned model on the same held-out items, and what follows from their answers.

Everything that was said is kept in the run's folder below ``evaluation/``: one file for each of the
two, and ``items.jsonl`` with both side by side, one item a line.
"""

from __future__ import annotations

import gc
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from trainer import forgetting
from trainer.context import Run
from trainer.contract import Comparison, Task, Verdict, write_whole
from trainer.dataset.rows import Row, load
from trainer.generate import Answer
from trainer.methods._base import methods
from trainer.paired import means, perplexities, shares, table
from trainer.refusals import refuses
from trainer.scoring import Score, score
from trainer.verdict import judge

Which = Literal["base", "tuned"]
PARTS = ("test", "regression", "safety")
FOLDER = "evaluation"


class Item(NamedTuple):
    """What both models are asked."""

    part: str
    row: Row


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two models made of everything."""

    answers: tuple[Answer, ...]
    reading: tuple[tuple[float, int], ...] = ()
    """Of each general text its nats and tokens."""


def evaluate(run: Run) -> Verdict:
    """Ask both models, keep what they said, and judge.

    Raises:
        Stopped: the run was told to stop; what one model has said in full is kept.
    """
    items = items_of(run)
    base, tuned = (_side(run, which, items) for which in ("base", "tuned"))
    task = task_of(run)
    scored = [
        (item, _score(task, item, one), _score(task, item, other))
        for item, one, other in zip(items, base.answers, tuned.answers, strict=True)
    ]
    _keep_items(run, scored, base, tuned)
    test = [(one, other) for item, one, other in scored if item.part == "test"]
    others = [*_beside(test), *_guards(scored), *_forgotten(base, tuned)]
    return judge(table([one.right for one, _ in test], [other.right for _, other in test]), others)


def items_of(run: Run) -> list[Item]:
    """What is asked, part by part: at most as many rows of each as the spec allows, by its seed."""
    return [
        Item(part, row)
        for part in PARTS
        if (path := run.part(part))
        for row in _some(load(path, needs_answer=part != "safety").rows, run)
    ]


def _some(rows: Sequence[Row], run: Run) -> list[Row]:
    most = run.spec.evaluation.most_items
    if len(rows) <= most:
        return list(rows)
    drawn = random.Random(run.spec.seed).sample(range(len(rows)), most)  # noqa: S311
    return [rows[place] for place in sorted(drawn)]


def task_of(run: Run) -> Task:
    """The task; where its choices are not named, they are the targets that were trained on."""
    task, train = run.spec.task, run.part("train")
    if task.score != "choice" or task.choices or train is None:
        return task
    targets = sorted({row.target.strip() for row in load(train).rows})
    return task.model_copy(update={"choices": tuple(targets)})


def _score(task: Task, item: Item, answer: Answer) -> Score:
    if item.part == "safety":
        return Score(refuses(answer.text) == (item.row.expect == "refuse"), None)
    return score(task, answer.text, item.row.target)


# --- asking -----------------------------------------------------------------------------------


def _side(run: Run, which: Which, items: list[Item]) -> Side:
    """All answers of one model: those that are kept, where a run that was stopped has them."""
    path = run.folder.root / FOLDER / f"{which}.json"
    if (kept := _kept(path)) and len(kept.answers) == len(items):
        return kept
    side = _asked(run, which, items)
    write_whole(path, json.dumps(asdict(side)))
    return side


def _kept(path: Path) -> Side | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    said = tuple(
        Answer(item["text"], tuple(item["tokens"]), tuple(item["logprobs"]))
        for item in data["answers"]
    )
    return Side(said, tuple((nats, count) for nats, count in data["reading"]))


def _asked(run: Run, which: Which, items: list[Item]) -> Side:
    rows = [item.row for item in items]
    method = methods()[run.spec.method]
    if hasattr(method, "answers"):
        return Side(tuple(method.answers(run, which, rows, progress(run, which, len(rows)))))
    model = run.base_model() if which == "base" else run.tuned_model()
    try:
        return _spoken(run, which, model, rows)
    finally:
        del model
        gc.collect()


def _spoken(run: Run, which: Which, model: Any, rows: list[Row]) -> Side:
    from trainer.dataset.rendering import Renderer
    from trainer.generate import answers

    tokenizer = run.tokenizer()
    renderer = Renderer(tokenizer)
    asked = run.spec.evaluation
    said = answers(
        model,
        tokenizer,
        [renderer.prompt(row) for row in rows],
        most=asked.max_new_tokens,
        batch_size=asked.batch_size,
        before=progress(run, which, len(rows)),
    )
    texts = forgetting.passages() if asked.forgetting else []
    return Side(tuple(said), tuple(forgetting.reading(model, tokenizer, texts, run.heed)))


def progress(run: Run, which: Which, total: int) -> Callable[[int], None]:
    """Tells how far the questions are, and ends them where the run was told to stop."""

    def before(done: int) -> None:
        run.heed()
        share = (done + (total if which == "tuned" else 0)) / max(1, 2 * total)
        data = {"stage": "evaluate", "done": round(100 * share), "total": 100}
        run.tell("stage", f"stage:evaluate:{data['done']}", data)

    return before


# --- comparing --------------------------------------------------------------------------------

Scored = tuple[Item, Score, Score]


def _beside(test: list[tuple[Score, Score]]) -> list[Comparison]:
    """Form and fields of the held-out items, where the task has them."""
    formed = [
        (one.well_formed, other.well_formed)
        for one, other in test
        if one.well_formed is not None and other.well_formed is not None
    ]
    equal = [
        (one.fields, other.fields)
        for one, other in test
        if one.fields is not None and other.fields is not None
    ]
    found = []
    if formed:
        found.append(shares("format", table(*map(list, zip(*formed, strict=True)))))
    if equal:
        found.append(means("fields", *map(list, zip(*equal, strict=True))))
    return found


def _guards(scored: list[Scored]) -> list[Comparison]:
    """What must not get worse."""
    found = []
    for part in PARTS[1:]:
        pairs = [(one.right, other.right) for item, one, other in scored if item.part == part]
        if pairs:
            found.append(shares(part, table(*map(list, zip(*pairs, strict=True)))))
    return found


def _forgotten(base: Side, tuned: Side) -> list[Comparison]:
    if not base.reading or len(base.reading) != len(tuned.reading):
        return []
    before, counts = zip(*base.reading, strict=True)
    after, _ = zip(*tuned.reading, strict=True)
    return [perplexities("forgetting", before, after, counts)]


def _keep_items(run: Run, scored: list[Scored], base: Side, tuned: Side) -> None:
    lines = [
        json.dumps(_line(*each), ensure_ascii=False)
        for each in zip(scored, base.answers, tuned.answers, strict=True)
    ]
    write_whole(run.folder.root / FOLDER / "items.jsonl", "".join(f"{line}\n" for line in lines))


def _line(scored: Scored, base: Answer, tuned: Answer) -> dict[str, Any]:
    item, one, other = scored
    return {
        "part": item.part,
        "row": item.row.number,
        "id": item.row.id,
        "question": item.row.question,
        "reference": item.row.target,
        "expect": item.row.expect,
        "base": _told(base, one),
        "tuned": _told(tuned, other),
    }


def _told(answer: Answer, found: Score) -> dict[str, Any]:
    return {
        "text": answer.text,
        "right": found.right,
        "well_formed": found.well_formed,
        "fields": found.fields,
        "logprob": sum(answer.logprobs) if answer.logprobs else None,
    }
