"""Rankings made elsewhere: a TREC run file, one hit a line.

``question Q0 document rank score tag``, separated by spaces or tabs. The score decides, as in
trec_eval; the rank is not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.retrieval.retrievers._base import Progress
from evidence.retrieval.retrievers._their_ids import TheirIds
from evidence.retrieval.shapes import Passage, Ranking

NAME = "run_file"
NEEDS = ""
MAX_BYTES = 2_000_000_000
MAX_LINE = 10_000
"""Characters in a line; a longer one is no line of a run."""


class RunUnreadable(ValueError):
    """The file is no TREC run: the message says which line, and what is wrong with it."""


def make(
    *,
    path: str | Path,
    questions: Mapping[str, str] | None = None,
    ids: Mapping[str, str] | None = None,
) -> RunFile:
    """A run file as a retriever.

    ``questions``: text of a question -> its id in the run (without it, the text is the id).
    ``ids``: their document id -> our document or passage id, where these differ.
    """
    return RunFile(Path(path), questions or {}, ids or {})


class RunFile:
    """Gives the hits that are written in a run; read when the passages are indexed."""

    name = NAME

    def __init__(self, path: Path, questions: Mapping[str, str], ids: Mapping[str, str]) -> None:
        self.path = path
        self.questions = questions
        self.ids = ids
        self._tag = ""
        self._hits: dict[str, dict[str, float]] = {}
        self._theirs = TheirIds((), ids)

    def describe(self) -> dict[str, Any]:
        """The file's name, and the tag of the run in it."""
        return {"retriever": NAME, "file": self.path.name, "tag": self._tag or None}

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Read the run, and see which of its ids are ours; raises `RunUnreadable`."""
        self._theirs = TheirIds(passages, self.ids)
        self._hits, self._tag = read_run(self.path)
        if progress:
            progress(len(passages), len(passages))

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """What the run has for each question; nothing for one that it does not have."""
        return [self._ranking(self.questions.get(text, text), k) for text in questions]

    def _ranking(self, question: str, k: int) -> Ranking:
        hits = self._hits.get(question, {}) if self._theirs else {}
        return self._theirs.ranking(hits.items(), k)


def read_run(path: Path) -> tuple[dict[str, dict[str, float]], str]:
    """Question id -> document id -> score, and the tag of the first line."""
    hits: dict[str, dict[str, float]] = {}
    tag = ""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunUnreadable(f"{path.name} has more than {MAX_BYTES:,} bytes")
        with path.open(encoding="utf-8-sig") as lines:
            number = 0
            while line := lines.readline(MAX_LINE + 1):
                number += 1
                if line.strip():
                    question, document, score, run = _hit(line, path.name, number)
                    hits.setdefault(question, {})[document] = score
                    tag = tag or run
    except OSError as problem:
        raise RunUnreadable(f"{path.name} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise RunUnreadable(f"{path.name} is not text in UTF-8") from problem
    return hits, tag


def _hit(line: str, name: str, number: int) -> tuple[str, str, float, str]:
    where = f"{name}, line {number}"
    parts = line.split()
    if len(parts) != 6 or len(line) > MAX_LINE:
        raise RunUnreadable(f"{where}: not `question Q0 document rank score tag`")
    question, _, document, _, score, tag = parts
    try:
        value = float(score)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RunUnreadable(f"{where}: the score {score[:20]!r} is not a number")
    return question, document, value, tag
