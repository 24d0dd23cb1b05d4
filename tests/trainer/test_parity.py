from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.trainer.measured import QUESTIONS, chat, leave, make_run
from tests.trainer.serving.tiny import make_adapter, make_model
from trainer.context import Run
from trainer.export import export
from trainer.failures import RunFailure
from trainer.parity import parity

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
VERDICT = {
    "outcome": "helped",
    "because": "Training helped.",
    "comparisons": [
        {"measure": "score", "n": 9, "base": 0.1, "tuned": 0.9, "difference": 0.8, "low": 0.4,
         "high": 0.95, "p": 0.001}
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base"))


def trained(base: Path, root: Path, **more: Any) -> Run:
    """A run whose training and evaluation are done."""
    rows = [chat(text, "It is blue.") for text in QUESTIONS]
    run = make_run(root, {"model": str(base), **more}, {"train": rows, "test": rows})
    make_adapter(base, run.folder.adapter, 1)
    leave(run, "prepare", {"data_hash": "ab" * 32, "rows": {"train": 4}})
    leave(run, "train", {"steps": 3, "first_loss": 2.5, "weights_hash": "cd" * 32})
    leave(run, "evaluate", VERDICT)
    for step in (1, 2, 3):
        run.tell("metric", f"metric:{step}", {"loss": 3.0 - step}, step)
    run.tell("validation", "validation:3", {"loss": 0.5}, 3)
    return run


@pytest.fixture
def run(base: Path, tmp_path: Path) -> Run:
    return trained(base, tmp_path, name="Our *bold* <b>model</b>")


def test_adapter_merged_and_served_answer_alike(run: Run) -> None:
    export(run)
    found = parity(run)
    assert found is not None
    assert found.agrees, found.differences
    assert 0 < found.worst < found.tolerance
    assert "answers alike" in (run.folder.merged / "README.md").read_text()


def test_merged_weights_that_answer_otherwise_are_found_with_prompt_and_token(run: Run) -> None:
    from safetensors.torch import load_file, save_file

    export(run)
    path = run.folder.merged / "model.safetensors"
    tensors = load_file(path)
    name = next(one for one in sorted(tensors) if one.endswith("layers.1.mlp.down_proj.weight"))
    tensors[name] = -tensors[name]
    save_file(tensors, path, metadata={"format": "pt"})
    found = parity(run)
    assert found is not None
    assert not found.agrees
    assert "prompt 1, token 1: the adapter writes" in found.differences[0]
    assert "merged weights" in found.differences[0]
    assert any(key == "warning:parity" for key in run.journal.told)
    assert "does not answer alike" in (run.folder.adapter / "README.md").read_text()


def test_a_template_that_was_lost_is_found(run: Run) -> None:
    export(run)
    template = run.folder.merged / "chat_template.jinja"
    template.write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    found = parity(run)
    assert found is not None
    assert "renders it otherwise" in found.differences[0]


def test_merged_weights_load_by_themselves_as_safetensors(run: Run) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    files = export(run)["files"]
    assert files == {"adapter": "adapter", "merged": "merged", "card": "adapter/README.md"}
    names = {path.suffix for path in run.folder.merged.iterdir()}
    assert ".safetensors" in names
    assert not names & {".bin", ".pt", ".pkl"}
    merged = AutoModelForCausalLM.from_pretrained(run.folder.merged)
    ids = torch.tensor([AutoTokenizer.from_pretrained(run.folder.merged)("blue sky")["input_ids"]])
    tuned = run.tuned_model()
    assert torch.allclose(merged(ids).logits, tuned(ids).logits, atol=1e-3)


def test_commands_name_what_lies_there(run: Run) -> None:
    serve = export(run)["serve"]
    assert set(serve) == {"peft", "vllm_adapter", "transformers", "vllm"}
    words = shlex.split(serve["vllm_adapter"])
    assert words[:3] == ["vllm", "serve", run.spec.model]
    assert words[words.index("--max-lora-rank") + 1] == "8"
    assert words[-1].endswith(f"={run.folder.adapter}")
    assert "our-" in words[-1]
    assert str(run.folder.merged) in serve["vllm"]


def test_the_command_of_peft_runs(run: Run) -> None:
    import subprocess
    import sys

    command = shlex.split(export(run)["serve"]["peft"])
    done = subprocess.run([sys.executable, *command[1:]], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-500:]


def test_weights_that_are_no_numbers_are_not_handed_over(run: Run) -> None:
    from safetensors.torch import load_file, save_file

    path = run.folder.adapter / "adapter_model.safetensors"
    broken = {name: value * float("nan") for name, value in load_file(path).items()}
    save_file(broken, path, metadata={"format": "pt"})
    with pytest.raises(RunFailure) as failure:
        export(run)
    assert failure.value.code == "diverged"
    assert not run.folder.merged.exists()


def test_where_all_weights_were_trained_there_is_nothing_to_merge(
    base: Path, tmp_path: Path
) -> None:
    run = trained(base, tmp_path)
    for path in run.folder.adapter.iterdir():
        path.unlink()
    make_model(run.folder.adapter)
    exported = export(run)
    assert set(exported["files"]) == {"adapter", "card"}
    assert set(exported["serve"]) == {"transformers", "vllm"}
    found = parity(run)
    assert found is None or found.agrees


def test_the_card_says_what_it_is_made_of(run: Run) -> None:
    export(run)
    text = (run.folder.adapter / "README.md").read_text()
    _, head, body = text.split("---\n", 2)
    known = yaml.safe_load(head)
    assert known["library_name"] == "peft"
    assert "ab" * 32 in body
    assert "cd" * 32 in body
    assert "Training helped." in body
    assert "| score | 9 | 10.0% | 90.0% | 80.0% (40.0% to 95.0%) | 0.001 |" in body
    assert "look it up before you pass this on" in body
    assert run.spec.model not in text
    assert json.loads(body.split("````json\n")[1].split("````")[0])["method"] == "sft"


def test_a_name_is_text_and_never_markup(run: Run) -> None:
    export(run)
    text = (run.folder.adapter / "README.md").read_text()
    assert "# Our \\*bold\\* \\<b\\>model\\</b\\>" in text


def test_curves_are_a_small_drawing(run: Run) -> None:
    export(run)
    text = (run.folder.adapter / "curves.svg").read_text()
    root = ET.fromstring(text)  # noqa: S314  # our own
    assert root.tag.endswith("svg")
    assert len(text) < 20_000
    assert text.count("<circle") == 1
