"""The code reads itself: sizes, words, imports, and what loading a module costs."""

from __future__ import annotations

import ast
import importlib.util
import io
import math
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"build", "dist", "node_modules", "_build", "__pycache__"}
FEWEST = {"": 25, "app": 3, "advisor_rules": 9, "evidence": 30, "trainer": 1, "tests": 3}
"""How many Python files a scan finds at least, by top-level folder; fewer means it looks amiss."""

BROAD_HANDLERS: dict[str, str] = {
    "app/cli/program.py": "whatever goes wrong in a command becomes words and an exit status",
    "evidence/pipeline.py": "one record that breaks a detector is reported, the log goes on",
    "app/web/guard.py": "whatever goes wrong in a request becomes an answer, and is logged",
    "app/training/worker.py": "a job whose outcome cannot be written must not stop the others",
    "benchmarks/gpu.py": "one way of training that fails must not cost the lease of a machine",
    "benchmarks/gpu_memory.py": "one configuration that fails must not cost the others",
    "trainer/dataset/rendering.py": "a chat template raises whatever its author chose",
    "trainer/run.py": "whatever ends a run becomes words and a status",
}
"""Files that may catch every exception, and why: each meets the outside world."""

HEAVY = ("torch", "fastapi", "sqlalchemy")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One parsed Python file."""

    path: str
    text: str
    tree: ast.Module

    @property
    def functions(self) -> Iterator[Function]:
        """Every function of the file, nested ones and methods included."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    @property
    def lines(self) -> int:
        """The length of the file."""
        return self.text.count("\n")


@cache
def sources() -> tuple[Source, ...]:
    """Return every Python file of the project."""
    return tuple(_read(path) for path in sorted(ROOT.rglob("*.py")) if _is_ours(path))


@cache
def program() -> tuple[Source, ...]:
    """Return the files of the program: all but the tests."""
    return tuple(source for source in sources() if not source.path.startswith("tests/"))


def _is_ours(path: Path) -> bool:
    parents = path.relative_to(ROOT).parts[:-1]
    return not any(part in NOT_OURS or part.startswith(".") for part in parents)


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def _length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def _most(sizes: dict[str, int], limit: int) -> list[str]:
    """Return those over the limit if they are more than one in twenty, longest first."""
    over = sorted((-size, name) for name, size in sizes.items() if size > limit)
    allowed = math.floor(len(sizes) * 0.05)
    return [f"{name}: {-size}" for size, name in over] if len(over) > allowed else []


@pytest.mark.parametrize("folder", sorted(FEWEST))
def test_a_scan_finds_the_files(folder: str) -> None:
    found = [source for source in sources() if source.path.startswith(f"{folder}/" * bool(folder))]

    assert len(found) >= FEWEST[folder]


def test_every_package_is_shipped_and_its_imports_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    inits = {path.parent.name for path in ROOT.glob("*/__init__.py") if _is_ours(path)}
    packages = inits - {"tests", "benchmarks"}

    assert packages == set(settings["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages == set(settings["importlinter"]["root_packages"])


def test_functions_are_short() -> None:
    sizes = {
        f"{source.path}:{function.lineno} {function.name}": _length(function)
        for source in program()
        for function in source.functions
    }

    assert [name for name, size in sizes.items() if size > 80] == []
    assert _most(sizes, limit=40) == []
    assert median(sizes.values()) <= 10


def test_files_are_short() -> None:
    assert _most({source.path: source.lines for source in program()}, limit=450) == []


def _public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Yield the public functions and classes of a module or of a public class, with their names."""
    for node in body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield f"{owner}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, f"{owner}{node.name}.")


def _everything_public() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for source in program():
        for name, node in _public(source.tree.body):
            yield f"{source.path}:{node.lineno} {name}", node


def test_what_is_public_has_a_docstring() -> None:
    modules = [source.path for source in program() if not ast.get_docstring(source.tree)]
    members = [name for name, node in _everything_public() if not ast.get_docstring(node)]

    assert modules + members == []


def _unannotated(function: Function) -> Iterator[str]:
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    given += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    for position, argument in enumerate(given):
        bound = position == 0 and argument.arg in {"self", "cls"}
        if argument.annotation is None and not bound:
            yield argument.arg
    if function.returns is None:
        yield "return"


def test_what_is_public_is_annotated() -> None:
    bare = [
        f"{name}: {', '.join(missing)}"
        for name, node in _everything_public()
        if isinstance(node, Function) and (missing := list(_unannotated(node)))
    ]

    assert bare == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in caught
    )


def test_only_the_edge_catches_everything() -> None:
    broad = {
        source.path
        for source in program()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    }

    assert broad == set(BROAD_HANDLERS), "each needs its reason, and a reason no longer used goes"


def test_no_note_to_self_is_left() -> None:
    notes = [
        f"{source.path}:{token.start[0]} {token.string}"
        for source in sources()
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline)
        if token.type == tokenize.COMMENT
        and any(word in token.string for word in ("TODO", "FIXME", "XXX", "HACK"))
    ]

    assert notes == []


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_is_mocked() -> None:
    mocks = ("mock", "unittest.mock", "pytest_mock")
    found = [source.path for source in sources() if set(mocks) & set(_imported(source.tree))]

    assert found == []


def _loaded(statement: str, packages: tuple[str, ...]) -> list[str]:
    """Run a statement in a process of its own and return which of the packages it loaded."""
    code = (
        f"{statement}\nimport sys\nprint(*[name for name in {packages!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def _skip_until_written(module: str) -> None:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        pytest.skip(f"{module} is not written yet")


@pytest.mark.parametrize("module", ["app", "app.cli", "advisor_rules", "evidence", "trainer"])
def test_importing_does_no_heavy_work(module: str) -> None:
    _skip_until_written(module)
    assert _loaded(f"import {module}", HEAVY) == []


def test_a_loaded_package_is_noticed() -> None:
    assert _loaded("import sqlalchemy", HEAVY) == ["sqlalchemy"]


def test_the_web_process_starts_without_torch() -> None:
    _skip_until_written("app.web")
    start = "from app.settings import Settings\nfrom app.web import create_app\n"

    assert _loaded(f"{start}create_app(Settings())", ("torch", "transformers")) == []


def test_imports_run_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
