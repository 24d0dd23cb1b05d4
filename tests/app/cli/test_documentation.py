"""What the documentation shows is true as written."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.cli.program import command_files
from app.cli.program import formfact as program

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *(
        f"docs/{name}.md"
        for name in ("command-line", "importing", "own-rules", "how-advice-is-made")
    ),
    "docs/rest-and-python.md",
    "docs/memory.md",
    "docs/retrieval.md",
    "docs/training.md",
    "docs/training-data.md",
]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[list[str]]:
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    found = [line for line in lines if re.search(r"(^|\(|\s)formfact ", line)]
    return [
        shlex.split(line.partition("formfact ")[2].rstrip(")"), comments=True) for line in found
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_shown_exists_with_its_options(page: str) -> None:
    for name, *arguments in commands(page):
        assert name in command_files(), (page, name)
        context = program.make_context("formfact", [name, "--help"], resilient_parsing=True)
        command = program.get_command(context, name)
        assert command is not None
        group = getattr(command, "commands", {})
        command = group[arguments[0]] if group else command
        known = {option for parameter in command.params for option in parameter.opts}
        shown = {word for word in arguments if word.startswith("--")}
        assert shown <= known, (page, name, shown - known)


def test_facts_of_the_readme_give_advice(formfact: Formfact, tmp_path: Path) -> None:
    [facts] = blocks("README.md", "yaml")
    (tmp_path / "facts.yaml").write_text(facts, encoding="utf-8")
    done = formfact("recommend", tmp_path / "facts.yaml", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["step"]


@pytest.mark.parametrize("page", ["README.md", "docs/rest-and-python.md", "docs/retrieval.md"])
def test_python_that_is_shown_runs(page: str) -> None:
    for code in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


def test_rule_shown_to_contributors_passes_every_check(formfact: Formfact, tmp_path: Path) -> None:
    [rule] = blocks("CONTRIBUTING.md", "yaml")
    assert re.match(r"id: .*\nwhen: .*\ngives: .*\nbecause: .*\ncites: .*\n", rule)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rule.yaml").write_text(rule, encoding="utf-8")
    done = formfact("rules", "check", tmp_path)
    assert done.status == 0, done.out


def test_own_threshold_that_is_shown_takes_effect(formfact: Formfact, tmp_path: Path) -> None:
    for text in blocks("docs/own-rules.md", "yaml"):
        name = text.splitlines()[0].rpartition("/")[2]
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = formfact("rules", "show", "few_cases", "--rules", tmp_path)
    assert "30 cases" in done.out.splitlines()[0]


def test_every_command_is_in_the_table() -> None:
    table = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name in command_files():
        context = program.make_context("formfact", [name], resilient_parsing=True)
        command = program.get_command(context, name)
        for inner in getattr(command, "commands", {}) or [""]:
            assert f"`formfact {name} {inner}".rstrip() in table
