"""Starters made from a real collection, unpacked, and run where formfact cannot be imported."""

from __future__ import annotations

import io
import os
import subprocess
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from advisor_rules import default_rulebook
from app.demo.documents import standard_library_documents
from app.starter import FOLDER, starter_of_probe
from evidence.retrieval.probe import probe
from evidence.retrieval.retrievers._base import retriever_modules
from evidence.retrieval.shapes import Document, Passage, Qrels, Question


@dataclass(frozen=True)
class Collection:
    documents: list[Document]
    questions: list[Question]
    qrels: Qrels


@lru_cache(maxsize=2)
def standard_library(every: int = 4) -> Collection:
    """Docstrings of Python's standard library, asked for by the last words of some of them."""
    documents = [
        Document(item.id, item.title, item.text, f"{item.id}.txt", "jsonl")
        for item in standard_library_documents()[::every]
    ]
    questions, qrels = [], {}
    for number, document in enumerate(documents):
        words = document.text.split()
        if number % 6 == 0 and len(words) > 30:
            name = f"q{number}"
            group = "io" if document.id.startswith("io.") else ""
            questions.append(Question(name, " ".join(words[-5:]), group=group))
            qrels[name] = {document.id: 1 + number % 2}
    questions.append(Question("lost", "What are zebra crossings painted with?"))
    qrels["lost"] = {documents[0].id: 1}
    return Collection(documents, [*questions, Question("unjudged", "What is this?")], qrels)


def collection_for(retriever: str) -> Collection:
    """A smaller one where a model has to read it."""
    return standard_library(4 if retriever == "bm25" else 40)


def measured(found: Collection, name: str) -> dict[str, Any]:
    """What a probe says of a retriever."""
    book = default_rulebook()
    limits = book.limits(book.latest())
    retriever = retriever_modules()[name].make()
    return probe(found.documents, found.questions, found.qrels, [retriever], limits)


def packed(found: Collection, result: dict[str, Any], name: str) -> bytes:
    """The starter for a retriever that was measured."""
    held = io.BytesIO()
    starter_of_probe(result, found.documents, found.questions, found.qrels, name).write(held)
    return held.getvalue()


def unpacked(content: bytes, folder: Path) -> Path:
    """The folder of a starter's project."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        file.extractall(folder)
    return folder / FOLDER


def isolated(folder: Path) -> Path:
    """A Python with all libraries that are installed here, but without formfact."""
    venv.EnvBuilder(symlinks=True).create(folder)
    [own] = (folder / "lib").glob("python3*/site-packages")
    # Of a folder that is named here the .pth files are not followed, so nothing editable is found.
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin" / "python"


def run(python: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a starter's folder, with warnings as errors."""
    environment = {key: value for key, value in os.environ.items() if "PYTHON" not in key}
    return subprocess.run(
        [python, "-s", "-W", "error", *arguments],
        cwd=project,
        env={**environment, "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def passages_of(document: str, *texts: str) -> list[Passage]:
    """Passages of these texts, one after the other."""
    found, start = [], 0
    for text in texts:
        end = start + len(text)
        found.append(Passage(f"{document}#{start}-{end}", document, start, end, text))
        start = end
    return found
