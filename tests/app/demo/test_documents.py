import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.demo.documents import MODULES, Document, standard_library_documents
from evidence.retrieval.passages import approximate_tokens

ROOT = Path(__file__).resolve().parents[3]
DIGEST = (
    "import hashlib; from app.demo.documents import standard_library_documents as documents; "
    "print(hashlib.sha256(repr(documents()).encode()).hexdigest())"
)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {document.id: document for document in standard_library_documents()}


def run_python(code: str, *options: str, hash_seed: str = "0") -> str:
    """Return what `code` prints in a fresh interpreter that imports from the project."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "name",
    [
        *("json", "json.dumps", "json.loads", "str.split", "int.bit_count", "dict.popitem"),
        *("open", "zip", "enumerate", "datetime.datetime.fromisoformat", "subprocess.Popen"),
        *("subprocess.Popen.kill", "pathlib.Path.unlink", "pathlib.PurePath.suffix"),
        *("itertools.pairwise", "zipfile.ZipFile.extractall", "xml.etree.ElementTree.tostring"),
        *("os.path.splitext", "concurrent.futures.as_completed", "typing.Optional"),
    ],
)
def test_names_people_ask_about_are_documents(documents: dict[str, Document], name: str) -> None:
    assert documents[name].text


def test_title_has_the_signature_and_text_the_docstring(documents: dict[str, Document]) -> None:
    document = documents["json.dumps"]
    assert document.title.startswith("json.dumps(obj, *, skipkeys=False, ensure_ascii=True")
    assert document.text.startswith("Serialize ``obj`` to a JSON formatted ``str``.")


def test_class_text_includes_that_of_its_constructor(documents: dict[str, Document]) -> None:
    assert "should always be called with keyword arguments" in documents["threading.Thread"].text


def test_method_title_leaves_out_the_class_it_is_bound_to(documents: dict[str, Document]) -> None:
    assert documents["dict.fromkeys"].title == "dict.fromkeys(iterable, value=None, /)"


def test_inherited_method_goes_by_the_name_of_the_base(documents: dict[str, Document]) -> None:
    assert "int.to_bytes" in documents
    assert "bool.to_bytes" not in documents


def test_ids_and_contents_are_unique_and_enough() -> None:
    found = standard_library_documents()
    contents = {(item.title.removeprefix(item.id), item.text) for item in found}
    assert len({item.id for item in found}) == len(contents) == len(found)
    assert len(found) > 2500


def test_every_module_gives_documents(documents: dict[str, Document]) -> None:
    prefixes = [name for name in MODULES if name != "builtins"]
    missing = [p for p in prefixes if not any(i == p or i.startswith(p + ".") for i in documents)]
    assert missing == []
    assert len(set(MODULES)) == len(MODULES)


def test_nothing_is_empty_or_bound_to_one_run(documents: dict[str, Document]) -> None:
    for document in documents.values():
        assert document.title.startswith(document.id)
        assert document.text == document.text.strip("\n")
        assert document.text.strip()
        assert not re.search(r"0x[0-9a-f]{6,}>", document.title)


def test_nothing_is_private(documents: dict[str, Document]) -> None:
    assert not any(part.startswith("_") for name in documents for part in name.split("."))


def test_two_calls_agree() -> None:
    assert standard_library_documents() == standard_library_documents()


def test_two_processes_agree_whatever_the_hash_seed() -> None:
    assert run_python(DIGEST, hash_seed="1") == run_python(DIGEST, hash_seed="2")


def test_collecting_warns_of_nothing() -> None:
    assert run_python(DIGEST, "-W", "error")


def test_importing_this_module_imports_none_of_the_documented_ones() -> None:
    code = (
        "import sys, app.demo.documents; "
        "print({'sqlite3', 'asyncio', 'tarfile', 'xml.etree.ElementTree'} & sys.modules.keys())"
    )
    assert run_python(code) == "set()"


def test_module_that_the_platform_lacks_is_skipped() -> None:
    code = (
        "import sys; sys.modules['sqlite3'] = None; "
        "from app.demo.documents import standard_library_documents as documents; "
        "found = {document.id for document in documents()}; "
        "print('json.dumps' in found, any(name.startswith('sqlite3') for name in found))"
    )
    assert run_python(code) == "True False"


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fours", 2)])
def test_a_token_is_about_four_characters(text: str, tokens: int) -> None:
    assert approximate_tokens(text) == tokens


def test_documents_are_too_many_for_one_prompt(documents: dict[str, Document]) -> None:
    total = sum(approximate_tokens(item.title + "\n" + item.text) for item in documents.values())
    assert 128_000 < total < 1_000_000
