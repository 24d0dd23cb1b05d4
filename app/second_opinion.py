"""A judge at work on a log's file: it is asked about uncertain records while they stream by.

Records that people labelled are asked about first, for they tell what the judge's word is worth.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor_rules.model import CLASSES, FailureClass
from advisor_rules.rulebook import Rulebook
from app.errors import Invalid, Wrong
from app.judging import Counted, Silent, judge_report, patient, with_opinion
from evidence.diagnose import Diagnosed
from evidence.judge import Calibration, Opinion, calibrate
from evidence.pipeline import Found
from evidence.reading import Read, Row
from evidence.reading.duplicates import content_digest
from evidence.records import FailureRecord, Skipped

if TYPE_CHECKING:
    from evidence.judge.client import Judge

CHUNK = 500
"""Records looked at together: of these, some are asked about at one time."""
MOST_PROBLEMS = 20


def read_labels(path: Path) -> dict[str, FailureClass]:
    """What people say of records, from JSON Lines ``{"id", "label"}``; other keys are passed over.

    Raises Invalid naming every line that cannot be used, and OSError.
    """
    labels: dict[str, FailureClass] = {}
    problems: list[Wrong] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and len(problems) < MOST_PROBLEMS:
                try:
                    _take(labels, json.loads(line))
                except (ValueError, RecursionError) as error:
                    words = "not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
                    problems.append(Wrong(f"{path}, line {number}", words))
    if problems:
        raise Invalid(problems)
    return labels


def _take(labels: dict[str, FailureClass], data: Any) -> None:
    """Take a label. Raises ValueError where it is none."""
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise ValueError('must be an object with "id" (text) and "label"')
    name, label = data["id"], data.get("label")
    if label not in CLASSES:
        raise ValueError(f"label must be one of {', '.join(CLASSES)}")
    if labels.get(name, label) != label:
        raise ValueError(f"{name[:80]!r} has another label on a line before")
    labels[name] = label


@dataclass
class SecondOpinion:
    """A judge on one run over a log; a ``Reviewer`` of ``app.log_run``."""

    judge: Judge
    book: Rulebook
    people: Mapping[str, FailureClass] = field(default_factory=dict)
    calibration: Calibration | None = None
    gave_up: str = ""
    """Why no more records were asked about; '' while they are."""
    _heard: dict[str, Opinion] = field(default_factory=dict)
    """Digest of a record's content -> what the judge said."""
    _asked: int = 0
    _judged: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    _settled: Counter[str] = field(default_factory=Counter)
    _answered: int = 0

    @property
    def name(self) -> str:
        """Which judge it is."""
        return Opinion("", self.judge.endpoint.model, self.judge.prompt.id).judge

    def learn(self, rows: Iterable[Read], at: Callable[[int], None]) -> int:
        """Ask about the records that people labelled, and measure the judge by them.

        ``at`` is told how many are done. Returns how many labels name no record of the log.
        """
        wanted: list[FailureRecord] = []
        opinions: list[Opinion] = []

        def labelled() -> Iterator[FailureRecord]:
            for row in rows:
                if isinstance(row, Row) and row.record.id in self.people:
                    wanted.append(row.record)
                    yield row.record

        for opinion in self._opinions(labelled()):
            self._heard[_key(wanted[len(opinions)])] = opinion
            opinions.append(opinion)
            at(len(opinions))
        human = [self.people[record.id] for record in wanted[: len(opinions)]]
        said = [opinion.axes for opinion in opinions]
        self.calibration = calibrate(human, said, of=self.name)
        return 0 if self.gave_up else len(self.people) - len({record.id for record in wanted})

    def review(self, found: Iterator[Found | Skipped]) -> Iterator[Found | Skipped]:
        """The rows with the judge's opinion where the rules leave a record uncertain.

        What people say of a record takes the place of its class.
        """
        while chunk := list(islice(found, CHUNK)):
            yield from self._reviewed(chunk)

    def _reviewed(self, chunk: list[Found | Skipped]) -> Iterator[Found | Skipped]:
        fresh: dict[str, FailureRecord] = {}
        for item in chunk:
            if not isinstance(item, Skipped) and self._open(item[1]):
                key = _key(item[0].record)
                if key not in self._heard:
                    fresh[key] = item[0].record
        opinions = zip(fresh, self._opinions(fresh.values()), strict=False)
        for item in chunk:
            yield item if isinstance(item, Skipped) else self._with_opinion(item, opinions)

    def _with_opinion(self, item: Found, opinions: Iterator[tuple[str, Opinion]]) -> Found:
        row, diagnosed = item
        label = self.people.get(diagnosed.id)
        if self._open(diagnosed) or label:
            key = _key(row.record)
            while self._open(diagnosed) and key not in self._heard:
                said = next(opinions, None)
                if said is None:
                    break
                self._heard[said[0]] = said[1]
            diagnosed = with_opinion(diagnosed, self._heard.get(key), self.calibration, self.book)
        if label:
            same = label == diagnosed.label
            diagnosed = diagnosed._replace(label=label, subtype=diagnosed.subtype if same else "")
        return row, diagnosed

    def _open(self, item: Diagnosed) -> bool:
        return item.label == "uncertain"

    def _opinions(self, records: Iterable[FailureRecord]) -> Iterator[Opinion]:
        """Opinions on the records, as long as the judge gives any."""
        if self.gave_up:
            return
        try:
            yield from patient(self.judge.opinions(records))
        except Silent as silent:
            self.gave_up = str(silent)

    def count(self, item: Diagnosed) -> None:
        """Take note of a record in the end.

        On one that nobody labelled, an opinion tells that the rules left it open.
        """
        said = {seen.signal: str(seen.value) for seen in item.signals}
        heard = (said.get("judge_information"), said.get("judge_behavior"))
        answered = heard != (None, None)
        by_person = item.id in self.people
        self._asked += answered or by_person or self._open(item)
        self._answered += answered
        if answered and not by_person:
            self._judged[heard] += 1
        elif not self._open(item):
            self._settled[item.label] += 1

    def report(self) -> dict[str, Any]:
        """The part of the summary that tells of the judge."""
        counted = Counted(self._judged, self._settled)
        model, prompt = self.judge.endpoint.model, self.judge.prompt.id
        asked = (self._asked, self._answered)
        return {"judge": judge_report(model, prompt, *asked, self.calibration, counted)}

    def description(self) -> dict[str, Any]:
        """The judge and the labels."""
        labels = json.dumps(sorted(self.people.items())).encode()
        return {"judge": self.name, "labels": hashlib.sha256(labels).hexdigest()[:16]}


def _key(record: FailureRecord) -> str:
    return content_digest(record).hex()
