"""Plain English that every machine has: the documentation in Python's own library."""

from __future__ import annotations

import ast
import inspect
import sysconfig
from collections.abc import Iterator
from pathlib import Path

SHORTEST, LONGEST = 40, 360
"""Characters of a text; longer ones end at a sentence before."""
SKIPPED = {"test", "tests", "idlelib", "lib2to3", "site-packages", "pydoc_data"}

Text = tuple[str, str]
"""What is described, and the description."""


def docstrings() -> Iterator[Text]:
    """Names of functions, classes and modules of the library with what is said of them."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not SKIPPED & set(parts):
            yield from _of_file(path, ".".join(parts).removesuffix(".py"))


def _of_file(path: Path, module: str) -> Iterator[Text]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return
    kinds = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, kinds):
            said = _short(ast.get_docstring(node) or "")
            if len(said) >= SHORTEST:
                yield getattr(node, "name", module), said


def _short(text: str) -> str:
    """The first paragraph, cut at the end of a sentence."""
    first = " ".join(inspect.cleandoc(text).split("\n\n")[0].split())
    if len(first) <= LONGEST:
        return first
    return first[: first.rfind(". ", 0, LONGEST) + 1]
