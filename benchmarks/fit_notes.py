"""Fit the small model that weighs what long reviewers' notes say, and measure it honestly.

``python -m benchmarks.fit_notes [--data DIR] [--write]`` reads the records with notes of the
source that has them, and prints one JSON object: macro-F1 over information, behavior and both of
the phrases alone, of phrases and model in cross-validation by prompt, and with whole subjects held
out. ``--write`` fits on all records and writes the weights. Needs NumPy; reading notes does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import data_folder, missing, read_cases
from evidence.signals._note_features import Note, features, read_note
from evidence.signals._note_lexicon import PHRASES
from evidence.signals._note_model import WEIGHTS, chances
from evidence.signals._note_verdict import Verdict, by_phrases, verdict

VERSION = 1
SOURCE = "failures/haluquestqa.jsonl"
CLASSES = ("behavior", "both", "information")
SCALE = 0.3
"""Standard deviation that each feature gets, so that the penalty bears on all alike."""
PENALTY = 0.6
"""Inverse strength of the penalty; from 0.3 to 1 the result is the same within its noise."""
FOLDS = 10

Weights = dict[str, dict[str, float]]
Pairs = list[tuple[Any, Any]]
Matrix = NDArray[np.float64]
Split = Sequence[tuple[NDArray[np.int_], NDArray[np.int_]]]


class Notes:
    """Notes with their classes, the prompts and the subjects that they belong to."""

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        self.notes: list[Note] = [read_note(record["reviewer_note"].strip()) for record in records]
        found = [features(note) for note in self.notes]
        self.names = sorted(found[0])
        self.matrix = np.array([[item[name] for name in self.names] for item in found])
        self.labels = np.array([record["label"] for record in records])
        self.prompts = np.array([record["metadata"]["group"] for record in records])
        self.subjects = np.array([record["metadata"]["category"] for record in records])
        self.by_model = np.array([r["metadata"]["author"] == "model_answer" for r in records])
        self.half = np.array([int(_digest(name), 16) % 2 for name in self.prompts])


def fit(data: Notes, rows: NDArray[np.int_]) -> Weights:
    """Weights on the features as they are: class -> feature -> weight, '' the constant."""
    given = data.matrix[rows]
    mean, spread = given.mean(axis=0), given.std(axis=0)
    scale = SCALE / np.where(spread > 0, spread, 1.0)
    truth = (data.labels[rows][:, None] == np.array(CLASSES)).astype(float)
    slopes, constants = _softmax((given - mean) * scale, truth)
    slopes = slopes * scale[:, None]
    constants = constants - mean @ slopes
    return {
        name: {"": float(constant), **dict(zip(data.names, map(float, slope), strict=True))}
        for name, constant, slope in zip(CLASSES, constants, slopes.T, strict=True)
    }


def _softmax(given: Matrix, truth: Matrix, steps: int = 1_000) -> tuple[Matrix, Matrix]:
    """Multinomial logistic regression with a squared penalty, by Nesterov's descent."""
    rows = np.hstack([given, np.ones((len(given), 1))])
    keep = np.append(np.full(given.shape[1], 1 / PENALTY), 0.0)[:, None]
    rate = 1 / (0.5 * np.linalg.norm(rows, 2) ** 2 + 1 / PENALTY)
    found = ahead = np.zeros((rows.shape[1], truth.shape[1]))
    for step in range(steps):
        scores = rows @ ahead
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        slope = rows.T @ (powers / powers.sum(axis=1, keepdims=True) - truth) + keep * ahead
        before, found = found, ahead - rate * slope
        ahead = found + step / (step + 3) * (found - before)
    return found[:-1], found[-1]


def verdicts(data: Notes, rows: NDArray[np.int_], weights: Weights) -> list[Verdict | None]:
    """What notes say where the model has these weights."""
    return [verdict(data.notes[row], lambda item: chances(weights, item)) for row in rows]


def read_as(found: Verdict | None) -> str:
    """The class of a record that a verdict on its note means."""
    wrong = (found.facts.said == "wrong", found.form.said == "wrong") if found else (False, False)
    names = {(True, True): "both", (True, False): "information", (False, True): "behavior"}
    return names.get(wrong, "uncertain")


def by_group(groups: NDArray[np.str_], folds: int) -> Split:
    """Rows to fit on and rows to judge, no group in both; groups are dealt out by their digest."""
    dealt = sorted(set(groups), key=_digest)
    fold = np.array([dealt.index(name) % folds for name in groups])
    return [(np.flatnonzero(fold != part), np.flatnonzero(fold == part)) for part in range(folds)]


def crossed(data: Notes, parts: Split) -> tuple[NDArray[np.str_], list[Verdict | None]]:
    """Class and verdict of every note in the test rows, by a model that did not see it."""
    read = np.full(len(data.labels), "uncertain", dtype="U16")
    found: list[Verdict | None] = [None] * len(data.labels)
    for train, test in parts:
        weights = fit(data, train)
        for row, item in zip(test, verdicts(data, test, weights), strict=True):
            found[row], read[row] = item, read_as(item)
    return read, found


def score(data: Notes, read: NDArray[np.str_], rows: Any = slice(None)) -> float:
    """Macro-F1 over the three classes; uncertain counts as wrong."""
    truth, said = data.labels[rows], read[rows]
    each = [
        2
        * ((truth == name) & (said == name)).sum()
        / max(1, (truth == name).sum() + (said == name).sum())
        for name in CLASSES
    ]
    return round(float(np.mean(each)), 3)


def measure(data: Notes) -> dict[str, Any]:
    """Every figure of the report."""
    phrases = np.array([read_as(by_phrases(note)) for note in data.notes])
    read, found = crossed(data, by_group(data.prompts, FOLDS))
    other, _ = crossed(data, by_group(data.subjects, len(set(data.subjects))))
    return {
        "notes": len(data.labels),
        "phrases": _split_scores(data, phrases),
        "with_model_by_prompt": _split_scores(data, read),
        "with_model_by_subject": score(data, other),
        "by_certainty": _by_certainty(data, read, found),
        "confusion": _confusion(data, read),
    }


def _split_scores(data: Notes, read: NDArray[np.str_]) -> dict[str, float]:
    rows: dict[str, Any] = {
        "all": slice(None),
        "half_read_for_the_phrases": data.half == 0,
        "other_half": data.half == 1,
        "written_by_a_model": data.by_model,
    }
    found = {name: score(data, read, chosen) for name, chosen in rows.items()}
    right = (read == data.labels)[data.by_model]
    return found | {"accuracy_written_by_a_model": round(float(right.mean()), 3)}


def _by_certainty(
    data: Notes, read: NDArray[np.str_], found: list[Verdict | None]
) -> dict[str, dict[str, float]]:
    kinds = np.array([item.certainty if item else "none" for item in found])
    return {
        str(kind): {
            "n": int((kinds == kind).sum()),
            "right": round(float((read == data.labels)[kinds == kind].mean()), 3),
        }
        for kind in sorted(set(kinds))
    }


def _confusion(data: Notes, read: NDArray[np.str_]) -> dict[str, int]:
    pairs: Pairs = list(zip(data.labels, read, strict=True))
    return {f"{truth}>{said}": pairs.count((truth, said)) for truth, said in sorted(set(pairs))}


def _digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def write(data: Notes, path: Path) -> None:
    """Fit on all notes and write the weights with what they come from."""
    rows = np.arange(len(data.labels))
    weights = fit(data, rows)
    document = {
        "made_by": f"benchmarks.fit_notes, version {VERSION}",
        "data": {"file": SOURCE, "sha256": _digest(path.read_bytes()), "notes": len(rows)},
        "phrases_sha256": _digest(PHRASES.read_bytes()),
        "weights": {
            name: {feature: round(value, 4) for feature, value in found.items()}
            for name, found in weights.items()
        },
    }
    WEIGHTS.parent.mkdir(exist_ok=True)
    WEIGHTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; write the weights where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with failures/")
    parser.add_argument("--write", action="store_true", help="write the weights")
    given = parser.parse_args(arguments)
    path = data_folder(given.data) / SOURCE
    if not path.is_file():
        return missing(path)
    data = Notes([record for record in read_cases(path) if record.get("reviewer_note")])
    if given.write:
        write(data, path)
    print(json.dumps(measure(data)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
