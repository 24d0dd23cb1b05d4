from __future__ import annotations

import json
from pathlib import Path

from tests.app.cli.conftest import Formfact
from tests.trainer.tokenizers_of_bytes import model_folder


def spec_of(folder: Path, many: int) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": f"question {n * 7919} about {n}"},
                      {"role": "assistant", "content": f"yes \x1b[31m {chr(97 + n % 26)}"}]}
        for n in range(many)
    ]  # fmt: skip
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    spec = folder / "spec.yaml"
    spec.write_text(
        f"model: {model_folder(folder / 'model')}\ndata: {{train: train.jsonl}}\n", encoding="utf-8"
    )
    return spec


def test_what_stands_in_the_way_ends_with_1(formfact: Formfact, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, 4)
    done = formfact("preflight", spec)
    assert done.status == 1, done.err
    assert "The job cannot start: 1 error" in done.out
    assert "Too few examples" in done.out
    assert "Sources: OAI-SFT" in done.out
    assert "⟦yes �[31m a<|im_end|>⟧" in done.out
    assert "Tokens a row" in done.out


def test_what_does_not_ends_with_0_and_json_is_the_report(
    formfact: Formfact, tmp_path: Path
) -> None:
    done = formfact("preflight", spec_of(tmp_path, 60), "--json")
    assert done.status == 0, done.out
    assert json.loads(done.out)["rows"] == {"train": 60}


def test_a_spec_that_is_none_is_bad_input(formfact: Formfact, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("model: 3\n", encoding="utf-8")
    done = formfact("preflight", spec)
    assert done.status == 2
    assert len(done.err.splitlines()) == 3
    assert "data: Field required" in done.err
    assert formfact("preflight", tmp_path / "none.yaml").status == 2
