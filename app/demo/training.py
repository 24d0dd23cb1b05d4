"""The training part of the bundled case: a tiny model learns the form that the team's script reads.

What fails in form is prose or a fence round the JSON. So a small adapter is trained on pairs made
from docstrings, each answered in the form asked for, and tried on the team's own 48 questions,
none of which, nor any object that they are about, is trained on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.demo.documents import Document
from app.training.watching import watched
from evidence.records import FailureRecord
from trainer.catalogue import catalogue
from trainer.contract import (
    FINISHED,
    Data,
    Evaluation,
    Event,
    Failure,
    RunFolder,
    RunReport,
    Task,
    TrainSpec,
    write_whole,
)

PAIRS = 400
PARAMS: dict[str, Any] = {
    "epochs": 3,
    "max_length": 256,
    "learning_rate": 5e-3,
    "rank": 32,
    "alpha": 64,
}
"""A model of three million weights needs larger steps than one of a billion."""
LONGEST_ANSWER = 160
"""Characters of a target's answer: a sentence of a docstring."""
SYSTEM = (
    "You answer questions about Python's standard library. Reply with one JSON object with the "
    "keys answer, symbol and since, and nothing else."
)
QUESTIONS = (
    "What does {} do?",
    "How do I use {}?",
    "Tell me about {}.",
    "When would I call {}?",
)


class NotTrained(Exception):
    """The run did not end well; the message says why."""


def trained(
    docstrings: Sequence[Document],
    records: Sequence[FailureRecord],
    folder: Path,
    tell: Callable[[Event], None],
) -> RunReport:
    """Train on the docstrings, try it on the records' questions, and give the run's report.

    A folder that is there already is gone on with. Raises `NotTrained`.
    """
    run = RunFolder(folder.resolve())
    if not run.spec.exists():
        _fill(run, docstrings, records)
    status = watched(run, tell)
    if status != FINISHED or not run.report.exists():
        raise NotTrained(_why(run, status))
    return RunReport.model_validate_json(run.report.read_bytes())


def build_tiny_model() -> None:
    """Make the tiny model where it is not there yet: minutes, once. Raises `NotTrained`."""
    if "tiny" in catalogue():
        return
    done = subprocess.run([sys.executable, "-P", "-m", "trainer.tiny.build"], check=False)
    if done.returncode or "tiny" not in catalogue():
        raise NotTrained(f"The tiny model could not be made (status {done.returncode}).")


def _fill(run: RunFolder, docstrings: Iterable[Document], records: Sequence[FailureRecord]) -> None:
    symbols = {reference["symbol"] for reference in map(_reference, records)}
    parts = {"train": _pairs(docstrings, symbols), "test": map(_asked, records)}
    for name, rows in parts.items():
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        write_whole(run.root / "input" / f"{name}.jsonl", lines)
    write_whole(run.spec, _spec(records).model_dump_json(indent=2))


def _spec(records: Sequence[FailureRecord]) -> TrainSpec:
    asked = records[0].format_spec
    schema = asked.model_dump()["schema"] if asked else {}
    return TrainSpec(
        name="JSON answers of the helper bot",
        method="sft",
        model="tiny",
        data=Data(train="input/train.jsonl", test="input/test.jsonl", validation_share=0.1),
        task=Task(score="json", format_only=True, json_schema=schema, system=SYSTEM),
        params=PARAMS,
        evaluation=Evaluation(max_new_tokens=160),
    )


def _pairs(docstrings: Iterable[Document], without: set[str]) -> Iterator[dict[str, Any]]:
    """Question and answer in the form asked for, spread over all documents."""
    usable = [item for item in docstrings if item.id not in without and _sentence(item.text)]
    every = max(1, len(usable) // PAIRS)
    for number, item in enumerate(usable[::every][:PAIRS]):
        question = QUESTIONS[number % len(QUESTIONS)].format(item.id)
        answer = {"answer": _sentence(item.text), "symbol": item.id, "since": None}
        yield {
            "id": item.id,
            "group": item.id.partition(".")[0],
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": question},
                {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False)},
            ],
        }


def _sentence(text: str) -> str:
    """The first sentence of a docstring, in one line; '' where it is too long."""
    found = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return found if 20 <= len(found) <= LONGEST_ANSWER else ""


def _asked(record: FailureRecord) -> dict[str, Any]:
    """A question of the log with its reference answer; never trained on."""
    given = record.input
    messages = (
        [{"role": "user", "content": given}]
        if isinstance(given, str)
        else [item.model_dump() for item in given if item.role != "system"]
    )
    answer = {"role": "assistant", "content": record.reference}
    system = {"role": "system", "content": SYSTEM}
    return {"id": record.id, "messages": [system, *messages, answer]}


def _reference(record: FailureRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.reference or "{}")
    return found


def _why(run: RunFolder, status: int) -> str:
    if run.failure.exists():
        return Failure.model_validate_json(run.failure.read_bytes()).words
    return f"The run broke off with status {status}; its log is {run.log}."
