from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.cli.problems import lines_of
from app.cli.program import FOLDER, command_files, summary

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


def test_help_lists_every_command_with_its_line(formfact: Formfact) -> None:
    done = formfact("--help")
    assert done.status == 0
    assert len(command_files()) == len(list(FOLDER.glob("[a-z]*.py"))) >= 5
    for name, path in command_files().items():
        assert f"  {name} " in done.out
        assert summary(path).endswith(".")
        assert " ".join(done.out.split()).count(summary(path)) == 1


@pytest.mark.parametrize("name", sorted(command_files()))
def test_every_command_has_help_and_goes_by_the_name_of_its_module(
    formfact: Formfact, name: str
) -> None:
    done = formfact(name, "--help")
    assert done.status == 0
    assert done.out.startswith(f"Usage: formfact {name}")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from app.cli.program import run; run(['--help']); "
        "heavy = {'pydantic', 'jinja2', 'sqlalchemy', 'fastapi', 'advisor_rules', 'torch'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr.strip() == b"[]"


def test_version_is_the_installed_one(formfact: Formfact) -> None:
    done = formfact("--version")
    assert done.status == 0
    assert done.out.startswith("formfact 0.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("recomend",), "No such command 'recomend'"),
        (("recommend",), "Missing argument 'FACTS'"),
        (("recommend", "x.yaml", "--jsno"), "No such option"),
        (("recommend", "x.yaml", "--as-of", "soon"), "soon"),
        (("recommend", "no-such-file.yaml"), "no-such-file.yaml: No such file or directory"),
        (("rules", "check", "no-such-folder"), "no-such-folder"),
    ],
)
def test_bad_command_lines_are_told_in_one_line(
    formfact: Formfact, arguments: tuple[str, ...], said: str
) -> None:
    done = formfact(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert said in done.err


def test_no_command_shows_the_help_and_fails(formfact: Formfact) -> None:
    done = formfact()
    assert (done.status, done.out) == (2, "")
    assert "Commands:" in done.err


def test_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -c 'from app.cli import main; main()' rules show | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_fault_of_the_program_has_a_status_of_its_own() -> None:
    assert lines_of(ZeroDivisionError("division by zero")) is None
