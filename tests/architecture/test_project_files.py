"""What the project's own files promise: every command and setting is documented."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FEWEST_FILES = 40
DATA = {".jsonl", ".csv", ".tsv", ".parquet", ".png", ".ico", ".woff2", ".db", ".gz", ".eval"}
"""What these hold was written by others, and may name any path."""

SETTING = re.compile(r"\bFORMFACT_[A-Z_]+[A-Z]\b")
MACHINE_PATH = re.compile(r"""(?:^|[\s"'`=(:])(/(?:home|Users|root|work)/[\w.-]+)""", re.M)


@cache
def project_files() -> tuple[Path, ...]:
    """Return the files that git tracks or would track."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def _text(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _skip_until_written(name: str) -> None:
    if not (ROOT / name).exists():
        pytest.skip(f"{name} is not written yet")


def _targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*##", _text("Makefile"), flags=re.M)


def _settings() -> set[str]:
    """Return the environment variables of the settings: their fields, and what they name."""
    text = _text("app/settings.py")
    classes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef))
    fields = {
        f"FORMFACT_{line.target.id.upper()}"
        for node in classes
        if node.name == "Settings"
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    return fields | set(SETTING.findall(text))


def _variables() -> set[str]:
    """Return every variable that the program, its benchmarks or its containers read."""
    readers = [path for path in project_files() if path.suffix in {".py", ".yml"}]
    return _settings().union(*(SETTING.findall(path.read_text("utf-8")) for path in readers))


def test_a_scan_finds_the_files() -> None:
    assert len(project_files()) >= FEWEST_FILES
    assert len(_targets()) >= 8


@pytest.mark.parametrize("target", ["demo", "test", "serve", "check", "bench", "docs"])
def test_the_readme_names_every_command(target: str) -> None:
    assert target in _targets()
    _skip_until_written("README.md")
    assert f"make {target}" in _text("README.md")


def test_every_setting_is_documented() -> None:
    _skip_until_written("app/settings.py")
    words = _text("README.md") + _text("docs/settings.md")

    assert _settings()
    assert sorted(name for name in _settings() if name not in words) == []


def test_every_documented_setting_exists() -> None:
    _skip_until_written("app/settings.py")
    named = set(SETTING.findall(_text("docs/settings.md")))

    assert sorted(named - _variables()) == []


def test_no_file_names_a_machine() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in project_files()
        if path.suffix not in DATA
        for found in MACHINE_PATH.findall(path.read_text(encoding="utf-8"))
    ]

    assert named == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd {}work/main", ["{}work/main"]),
        ('open("{}home/someone/x")', ["{}home/someone"]),
        ("https://example.org{}home/page", []),
        ("COPY . {}srv/formfact", []),
    ],
)
def test_a_machine_path_is_recognised(line: str, found: list[str]) -> None:
    assert MACHINE_PATH.findall(line.format("/")) == [path.format("/") for path in found]
