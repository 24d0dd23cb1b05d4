"""What a finished run hands over: adapter, merged weights, model card, commands to serve them."""

from __future__ import annotations

import gc
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from trainer.card import write_cards
from trainer.context import Run
from trainer.failures import RunFailure
from trainer.methods._base import methods
from trainer.models import find_model
from trainer.weights import replace_folder

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Highest ranks that vLLM can be told to make room for."""


def export(run: Run) -> dict[str, dict[str, str]]:
    """Merge where that is asked for and possible, write the card, and say how to serve it all.

    Returns ``files``: adapter, merged, card -> path in the run's folder; and ``serve``: tool ->
    command.

    Raises:
        RunFailure: ``diverged`` where the trained weights hold what is no number.
    """
    files = {"adapter": _within(run, run.folder.adapter)}
    if has_adapter(run) and run.spec.merged:
        run.heed()
        merge(run)
        files["merged"] = _within(run, run.folder.merged)
    serve = commands(run)
    files["card"] = _within(run, write_cards(run, serve))
    return {"files": files, "serve": serve}


def has_adapter(run: Run) -> bool:
    """Whether an adapter was trained, and not all weights."""
    return (run.folder.adapter / "adapter_config.json").is_file()


def is_head(run: Run) -> bool:
    """Whether the result says labels instead of text."""
    return hasattr(methods()[run.spec.method], "tuned")


def load_trained(run: Run) -> Any:
    """The trained model as its method loads it."""
    method = methods()[run.spec.method]
    return method.tuned(run) if hasattr(method, "tuned") else run.tuned_model()


def merge(run: Run) -> None:
    """Write base and adapter as one model, whole or not at all, as safetensors."""
    draft = run.folder.root / ".merged"
    shutil.rmtree(draft, ignore_errors=True)
    wrapped = load_trained(run)
    try:
        model = wrapped.merge_and_unload(safe_merge=True)
    except ValueError as error:  # as PEFT says that a merged weight is no number
        raise RunFailure(
            "diverged",
            "The trained weights hold values that are no numbers: training diverged. Lower the "
            "learning rate and try again.",
        ) from error
    model.save_pretrained(str(draft), max_shard_size="5GB")
    run.tokenizer().save_pretrained(str(draft))
    for name in ("labels.json", "calibration.json"):
        if (found := run.folder.adapter / name).is_file():
            shutil.copyfile(found, draft / name)
    del wrapped, model
    gc.collect()
    replace_folder(draft, run.folder.merged)


def base_name(run: Run) -> str:
    """What others call the base: its name on a hub if it has one, else where it lies."""
    found = find_model(run.spec.model, run.spec.revision)
    return found.entry.hub if found.entry and found.entry.hub else found.source


def model_name(run: Run) -> str:
    """A name to serve it under: letters, digits and hyphens."""
    kept = re.sub(r"[^a-z0-9]+", "-", run.spec.name.lower())
    return kept.strip("-")[:60] or "tuned"


def commands(run: Run) -> dict[str, str]:
    """Tool -> the command that serves what was exported."""
    whole = run.folder.merged if _is_merged(run) else run.folder.adapter
    found = {}
    if has_adapter(run):
        found["peft"] = _with_peft(run)
        if not is_head(run):
            found["vllm_adapter"] = _vllm_adapter(run)
    if _is_merged(run) or not has_adapter(run):
        found["transformers"] = _with_transformers(run, whole)
        found["vllm"] = _vllm(run, whole)
    return found


def _is_merged(run: Run) -> bool:
    return (run.folder.merged / "config.json").is_file()


def _vllm(run: Run, whole: Path) -> str:
    kind = " --runner pooling" if is_head(run) else ""
    return f"vllm serve {shlex.quote(str(whole))} --served-model-name {model_name(run)}{kind}"


def _vllm_adapter(run: Run) -> str:
    settings = json.loads((run.folder.adapter / "adapter_config.json").read_text("utf-8"))
    rank = next((one for one in RANKS if one >= settings.get("r", 16)), RANKS[-1])
    module = shlex.quote(f"{model_name(run)}={run.folder.adapter}")
    base = shlex.quote(base_name(run))
    return f"vllm serve {base} --enable-lora --max-lora-rank {rank} --lora-modules {module}"


def _with_transformers(run: Run, whole: Path) -> str:
    if is_head(run):
        return _python(
            "from transformers import pipeline; "
            f'print(pipeline("text-classification", model={json.dumps(str(whole))}, top_k=3)'
            '("your text"))'
        )
    return f"transformers serve {shlex.quote(str(whole))}"


def _with_peft(run: Run) -> str:
    kind = "AutoPeftModelForCausalLM"
    more = ""
    if is_head(run):
        labels = json.loads((run.folder.adapter / "labels.json").read_text("utf-8"))
        kind, more = "AutoPeftModelForSequenceClassification", f", num_labels={len(labels)}"
    folder = json.dumps(str(run.folder.adapter))
    return _python(f"from peft import {kind}; model = {kind}.from_pretrained({folder}{more})")


def _python(code: str) -> str:
    return f"python -c {shlex.quote(code)}"


def _within(run: Run, path: Path) -> str:
    return path.relative_to(run.folder.root).as_posix()
