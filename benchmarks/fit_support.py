"""Fit the small logistic model behind the signal ``context_support`` and report how it holds up.

Rows are the answers with a passage in ``failures/halueval_qa.jsonl``, those in the right format of
``failures/factorial.jsonl``, and right answers put back into their question, so that an answer in
words of its own is not taken for a wrong one. Everything is split by the prompt
(``metadata.group``): a half is scored by the weights that the other half gave. The weights written
are those of all rows.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.common import data_folder, missing
from evidence.records import FailureRecord
from evidence.signals._answer import answer_text
from evidence.signals._facts_question import asked
from evidence.signals._facts_support import FEATURES, features
from evidence.signals._facts_weights import WEIGHTS_FILE, Weights, probability
from evidence.view import RecordView

SHARE = {"halueval_qa": 1.0, "factorial": 0.5, "restated": 0.5}
"""How much a row of each kind counts: wrong spans and restated answers are made, not met."""
PENALTY, STEPS, RATE = 2.0, 500, 2.0
ASKING = re.compile(
    r"\b(?:(?:in|at|of|by|from|to|on) )?(?:what|which|who|whom|where|when|how many|how much)"
    r"(?: (?:year|city|country|state|company|band|actor|actress|county|team|film|show|album))?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """The features of one answer, whether it is wrong, and where it comes from."""

    values: dict[str, float]
    wrong: bool
    group: str
    source: str


def read_rows(folder: Path) -> list[Row]:
    """Every row to fit on."""
    rows: list[Row] = []
    for source in ("halueval_qa", "factorial"):
        lines = (folder / f"{source}.jsonl").read_text(encoding="utf-8").splitlines()
        rows += _rows(source, map(json.loads, filter(None, lines)))
    return rows


def _rows(source: str, found: Iterable[dict[str, Any]]) -> Iterator[Row]:
    seen: set[str] = set()
    for item in found:
        if item["label"] not in {"neither", "information"}:
            continue
        view = _view(item)
        question, group = asked(view.question), str(item["metadata"]["group"])
        yield _row(question, answer_text(view), view, item["label"] == "information", group, source)
        if source == "halueval_qa" and question not in seen:
            seen.add(question)
            for answer in _restated(question, view.reference or ""):
                yield _row(question, answer, view, False, group, "restated")


def _view(item: dict[str, Any]) -> RecordView:
    fields = {key: item.get(key) for key in FailureRecord.model_fields}
    return RecordView(FailureRecord.model_validate(fields))


def _row(question: str, answer: str, view: RecordView, wrong: bool, group: str, source: str) -> Row:
    return Row(features(question, answer, view.context), wrong, group, source)


def _restated(question: str, reference: str) -> Iterator[str]:
    """The right answer as a sentence: in the place of the question word, and after a set phrase."""
    if found := ASKING.search(question):
        yield (question[: found.start()] + reference + question[found.end() :]).rstrip("? ") + "."
    yield f"The answer is {reference}."
    yield f"It is {reference}, according to the passage."


def fit(rows: list[Row]) -> Weights:
    """Weights of a logistic regression, squares penalised; both classes weigh the same."""
    names = (*FEATURES, "bias")
    weights = dict.fromkeys(names, 0.0)
    shares = {wrong: _share(rows, wrong) for wrong in (True, False)}
    total = sum(shares.values())
    scale = {wrong: total / (2 * share) for wrong, share in shares.items()}
    for _ in range(STEPS):
        slope = _slope(rows, weights, scale)
        for name in names:
            pull = 0.0 if name == "bias" else PENALTY * weights[name]
            weights[name] -= RATE * (slope[name] + pull) / total
    return weights


def _slope(rows: list[Row], weights: Weights, scale: dict[bool, float]) -> Weights:
    """The gradient of the loss, summed over the rows."""
    slope = dict.fromkeys(weights, 0.0)
    for row in rows:
        error = probability(weights, row.values) - row.wrong
        error *= SHARE[row.source] * scale[row.wrong]
        for name, value in row.values.items():
            slope[name] += error * value
        slope["bias"] += error
    return slope


def _share(rows: list[Row], wrong: bool) -> float:
    return sum(SHARE[row.source] for row in rows if row.wrong == wrong)


def balanced_accuracy(rows: list[Row], weights: Weights) -> float:
    """Mean of the shares of wrong and of right answers that are told as such; NaN without both."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        hits[row.wrong].append((probability(weights, row.values) > 0.5) == row.wrong)
    shares = [sum(told) / len(told) for told in hits.values() if told]
    return sum(shares) / len(shares) if shares else math.nan


def cross_checked(rows: list[Row]) -> dict[str, float]:
    """Per source the mean of two scores, each on the half of the prompts that was not fitted."""
    groups = sorted({row.group for row in rows})
    random.Random(0).shuffle(groups)  # noqa: S311
    first = set(groups[::2])
    halves = (
        [row for row in rows if row.group in first],
        [row for row in rows if row.group not in first],
    )
    scores: dict[str, list[float]] = {}
    for fitted, judged in (halves, halves[::-1]):
        weights = fit(fitted)
        for source in SHARE:
            mine = [row for row in judged if row.source == source]
            scores.setdefault(source, []).append(balanced_accuracy(mine, weights))
    return {source: round(sum(found) / len(found), 3) for source, found in scores.items()}


def left_out(rows: list[Row]) -> dict[str, float]:
    """Per source the score, on half its prompts, of weights fitted on other sources and prompts.

    Both sources ask the same questions; restated answers are made from those of the first, so they
    are left out with it.
    """
    found = {}
    for source, kin in (("halueval_qa", {"halueval_qa", "restated"}), ("factorial", {"factorial"})):
        half = set(sorted({row.group for row in rows if row.source == source})[::2])
        weights = fit([row for row in rows if row.source not in kin and row.group not in half])
        judged = [row for row in rows if row.source == source and row.group in half]
        found[source] = round(balanced_accuracy(judged, weights), 3)
    return found


@click.command(help=(__doc__ or "").split("\n", maxsplit=1)[0])
@click.option("--data", type=click.Path(path_type=Path), default=None)
@click.option("--write/--no-write", default=False, help="Write the weights into the project.")
@click.option("--json", "as_json", is_flag=True, hidden=True)
def main(data: Path | None, write: bool, as_json: bool) -> None:
    """Print one JSON object: rows, scores by halves, scores with a source left out, weights."""
    folder = data_folder(data) / "failures"
    if not folder.is_dir():
        raise SystemExit(missing(folder))
    rows = read_rows(folder)
    report: dict[str, Any] = {
        "rows": dict(Counter(row.source for row in rows)),
        "other_half": cross_checked(rows),
        "source_left_out": left_out(rows),
        "weights": {name: round(value, 4) for name, value in fit(rows).items()},
    }
    if write:
        text = json.dumps(report["weights"], indent=1) + "\n"
        WEIGHTS_FILE.write_text(text, encoding="utf-8")
    print(json.dumps(report, indent=None if as_json else 1))


if __name__ == "__main__":
    main()
