"""Real exports, made by the real tools with their offline models.

The tools are those that ``make tools`` installs. ``python -m tests.evidence.importing.making``
makes the exports again that are kept for machines without them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
RUNS = HERE / "runs"
EXPORTS = HERE / "exports"
TOOLS = HERE.parents[2] / "build" / "tools"
SECONDS = 240

QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_SHARING": "1",
    "PROMPTFOO_SELF_HOSTED": "1",
    "RAGAS_DO_NOT_TRACK": "true",
}


class NotInstalled(Exception):
    """The tool is not there, so nothing can be made with it."""


def promptfoo(folder: Path) -> list[Path]:
    """Evaluate a small bot; results as JSON and as JSON Lines."""
    program = _installed("promptfoo", "node_modules/.bin/promptfoo")
    if shutil.which("node") is None:
        raise NotInstalled("node is not installed")
    for name in ("promptfooconfig.yaml", "provider.js", "grade.js"):
        shutil.copy(RUNS / name, folder)
    outputs = ["results.json", "results.jsonl"]
    chosen = [part for name in outputs for part in ("-o", name)]
    # It exits with 100 where a test fails, as some of these shall.
    _run(folder, [program, "eval", "--no-cache", "--no-table", "--no-progress-bar", *chosen], 100)
    return [folder / name for name in outputs]


def inspect_ai(folder: Path) -> list[Path]:
    """Evaluate a model with given replies; a log as .eval and one as JSON."""
    program = _installed("inspect_ai", "bin/python")
    _run(folder, [program, RUNS / "inspect_run.py", "eval", "json"])
    return [next(folder.glob("*.eval")), next(folder.glob("*.json"))]


def ragas(folder: Path) -> list[Path]:
    """Write data sets: single turns as JSON Lines and CSV, and a conversation."""
    _run(folder, [_installed("ragas", "bin/python"), RUNS / "ragas_run.py"])
    return [folder / name for name in ("single.jsonl", "single.csv", "talk.jsonl")]


def _installed(tool: str, program: str) -> Path:
    if not (TOOLS / tool / ".installed").exists():
        raise NotInstalled(f"{tool} is not installed: make tools")
    return TOOLS / tool / program


def _run(folder: Path, command: list[Path | str], allowed: int = 0) -> None:
    surroundings = {**os.environ, **QUIET, "PROMPTFOO_CONFIG_DIR": str(folder / "state")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode in (0, allowed), done.stdout[-2000:] + done.stderr[-2000:]


def _keep() -> None:
    for make in (promptfoo, inspect_ai, ragas):
        kept = EXPORTS / make.__name__
        with tempfile.TemporaryDirectory() as folder:
            made = make(Path(folder))
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            for path in made:
                # Names with a time in them would change with every making.
                name = f"log{path.suffix}" if make is inspect_ai else path.name
                shutil.copy(path, kept / name)


if __name__ == "__main__":
    _keep()
